import pytest

from alecia_pipeline.images.layers import MAX_INSTRUCTION, ImageLayer, describe_layers
from alecia_pipeline.images.ports import Blob

BLOBS = (Blob("sha256:a", 10), Blob("sha256:b", 20), Blob("sha256:c", 30))

HISTORY = [
    {"created_by": "ADD rootfs.tar / # buildkit"},
    {"created_by": 'CMD ["bash"]', "empty_layer": True},
    {"created_by": "WORKDIR /app"},
    {"created_by": "ENV A=1", "empty_layer": True},
    {"created_by": "RUN |2 BUILD_ID=ab cd=x /bin/sh -c pnpm install \t&& pnpm build # buildkit"},
]


def test_each_layer_has_its_instruction_and_its_owner() -> None:
    assert describe_layers(BLOBS, {"history": HISTORY}, 1) == (
        ImageLayer("sha256:a", 10, "ADD rootfs.tar /", from_base=True),
        ImageLayer("sha256:b", 20, "WORKDIR /app", from_base=False),
        ImageLayer("sha256:c", 30, "RUN pnpm install && pnpm build", from_base=False),
    )


@pytest.mark.parametrize("config", [{}, {"history": None}, {"history": HISTORY[:2]}])
def test_a_history_that_does_not_fit_names_no_instruction(config: dict[str, object]) -> None:
    assert [layer.instruction for layer in describe_layers(BLOBS, config, 0)] == ["", "", ""]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("/bin/sh -c #(nop) COPY dir:ab in /", "COPY dir:ab in /"),
        ("/bin/sh -c apk add curl", "apk add curl"),
        ("RUN /bin/sh -c echo '# buildkit' # buildkit", "RUN echo '# buildkit'"),
        ("", ""),
        ("RUN /bin/sh -c " + "x" * 200, "RUN " + "x" * (MAX_INSTRUCTION - 5) + "…"),
    ],
)
def test_what_builders_write_around_an_instruction_goes(written: str, shown: str) -> None:
    (layer,) = describe_layers(BLOBS[:1], {"history": [{"created_by": written}]}, 0)
    assert layer.instruction == shown
