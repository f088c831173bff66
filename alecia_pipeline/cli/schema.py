"""`alecia schema`: the JSON Schema of alecia.yaml."""

import click

from alecia_pipeline.cli.output import print_json
from alecia_pipeline.config import Config


@click.command()
def schema() -> None:
    """Print the JSON Schema of alecia.yaml, for editors and for reading what each key means.

    \b
    Examples:
      alecia schema > alecia.schema.json
    """
    print_json(Config.model_json_schema())
