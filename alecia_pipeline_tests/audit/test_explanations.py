from alecia_pipeline.audit.explanations import EXPLANATIONS
from alecia_pipeline.audit.finding import RULES


def test_every_rule_is_explained() -> None:
    assert RULES.keys() <= EXPLANATIONS.keys()
