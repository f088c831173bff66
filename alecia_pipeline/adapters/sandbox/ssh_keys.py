"""Ed25519 keys of the VPS and of its user, in the forms that OpenSSH reads."""

import base64
import hashlib
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from alecia_pipeline.adapters.sandbox import state


class KeyPair:
    """A private key in `path` and its public half in `path` + `.pub`, made when first asked for."""

    def __init__(self, path: Path) -> None:
        self.private_file = path
        self._public_file = path.with_name(f"{path.name}.pub")

    def ensure(self) -> None:
        """Create the pair if it is not there."""
        if self.private_file.is_file() and self._public_file.is_file():
            return
        key = ed25519.Ed25519PrivateKey.generate()
        form = serialization.PrivateFormat.OpenSSH
        private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        state.write(self.private_file, private, mode=state.PRIVATE)
        state.write(self._public_file, public + b"\n")

    @property
    def public(self) -> str:
        """The public key as one line: type and base64."""
        return self._public_file.read_text().strip()

    @property
    def fingerprint(self) -> str | None:
        """The public key's fingerprint as `ssh-keygen -l` prints it, `SHA256:…`; None before the pair is made."""
        if not self._public_file.is_file():
            return None
        blob = base64.b64decode(self.public.split()[1])
        return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
