"""A Host whose files are in a folder; operations/test_host_contract.py tests what it shares with the real one."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from alecia_pipeline.rollout.ports import Command, Completed

NOTHING = Completed(0, b"", b"")


@dataclass
class FolderHost:
    """`answer` says what a command leaves behind; `written` lists the paths in the order of their writes."""

    folder: Path
    answer: Callable[[Command], Completed] = lambda _: NOTHING
    written: list[str] = field(default_factory=list)

    def run(self, command: Command, *, stdin: bytes = b"", timeout: float = 60) -> Completed:
        return self.answer(command)

    def step(self, name: str, script: str, *, fence: int, timeout: float = 600) -> Completed:
        return self.answer(Command.of(name))

    def read(self, path: str) -> bytes | None:
        file = self._file(path)
        return file.read_bytes() if file.exists() else None

    def write(self, path: str, data: bytes, *, mode: int) -> None:
        file = self._file(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        file.chmod(mode)
        self.written.append(path)

    @contextlib.contextmanager
    def forward(self, address: str, port: int) -> Iterator[int]:
        yield port

    def _file(self, path: str) -> Path:
        return self.folder / path.removeprefix("/")
