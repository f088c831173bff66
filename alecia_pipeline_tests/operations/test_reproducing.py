import io
import os
import tarfile
from pathlib import Path

import pytest

from alecia_pipeline.adapters.oci_layout import OciLayout
from alecia_pipeline.config import Config
from alecia_pipeline.images.command import BuildCommand
from alecia_pipeline.images.context import context_files
from alecia_pipeline.images.steps import Steps
from alecia_pipeline.images.tar import pack
from alecia_pipeline.operations.planning import keyed_app, read_commit
from alecia_pipeline.operations.reproducing import verification
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline_tests.conftest import Repository, git
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.oci_images import layer, write_image

Files = dict[str, bytes]


class CopyingBuilder:
    """Makes an image of the files of the context below `copied`; `stamp` adds the number of the build."""

    def __init__(self, copied: str, *, stamp: bool = False) -> None:
        self._copied = copied
        self._stamp = stamp
        self.commands: list[BuildCommand] = []
        self.dates: list[set[float]] = []

    def build(self, label: str, command: BuildCommand, context: bytes) -> Steps:
        with tarfile.open(fileobj=io.BytesIO(context)) as archive:
            members = [info for info in archive if info.isfile()]
            found = {info.name: archive.extractfile(info).read() for info in members}  # type: ignore[union-attr]
        copied = {name: found[name] for name in sorted(found) if name.startswith(self._copied)}
        output = next(word for word in command.argv if word.startswith("--output="))
        if label == "cms":
            self.commands.append(command)
            self.dates.append({info.mtime for info in members})
            if self._stamp:
                copied["built"] = str(len(self.commands)).encode()
        write_image(Path(output.partition("dest=")[2].partition(",")[0]), layer(copied))
        return Steps(cached=0, executed=1)

    def refuses_cache(self, name: str | None, docker_config: str | None) -> str | None:
        raise AssertionError("a verification asks for no cache")

    def open(self, path: Path) -> OciLayout:
        return OciLayout(path)

    def cancel(self) -> None:
        raise AssertionError("nothing is cancelled")


@pytest.fixture
def runner(repository: Repository) -> Runner:
    return Runner(repository(mini()), Config(), lambda _: None)


def test_a_build_that_repeats_itself(runner: Runner) -> None:
    builder = CopyingBuilder("apps/cms/")
    verdict = verification(runner, "HEAD", builder).repeats("cms", None)
    assert (verdict.same, verdict.differences) == (True, ())
    assert ["--no-cache" in command.argv for command in builder.commands] == [False, True]
    assert builder.dates[0] != builder.dates[1]


def test_a_build_that_does_not_is_told_file_by_file(runner: Runner) -> None:
    verdict = verification(runner, "HEAD", CopyingBuilder("apps/cms/", stamp=True)).repeats("cms", None)
    assert not verdict.same
    assert [(each.where, each.what) for each in verdict.differences] == [("layer 1", "built")]


@pytest.mark.parametrize(("copied", "same"), [("apps/cms/", True), ("scripts/", False)])
def test_the_pruned_context_loses_nothing_that_is_copied(runner: Runner, copied: str, same: bool) -> None:
    verdict = verification(runner, "HEAD", CopyingBuilder(copied)).needs_no_more("cms", None)
    assert verdict.same == same
    assert [each.what for each in verdict.differences] == ([] if same else ["scripts/release.sh"])


def test_clones_in_other_folders_under_other_umasks_give_the_same_context(runner: Runner, tmp_path: Path) -> None:
    made = set()
    for umask, folder in ((0o002, tmp_path / "one"), (0o022, tmp_path / "deep" / "er" / "two")):
        before = os.umask(umask)
        try:
            git(tmp_path, "clone", "--quiet", str(runner.repo), str(folder))
        finally:
            os.umask(before)
        assert (folder / "package.json").stat().st_mode & 0o777 == 0o666 & ~umask
        clone = Runner(folder, Config(), lambda _: None)
        view = read_commit(clone, "HEAD")
        keyed = keyed_app(clone, view, view.app("cms"), None)
        made.add((keyed.key, pack(context_files(view.snapshot, keyed.context))))
    assert len(made) == 1
