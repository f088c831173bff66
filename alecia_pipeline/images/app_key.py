"""The key that a framework wants for each app, and that must be the same in every build of it.

Next.js encrypts the arguments of server actions and signs previews with keys that it makes at random in each build and
writes into the image: no build would repeat itself, and an old page could not call the new release's actions. Such a
key is no secret from who holds the image. It is therefore made for one app alone, and never used for anything else.
"""

import hmac

from alecia_pipeline.redaction import Secret

APP_KEY = "app_key"
"""Id of the build secret: `RUN --mount=type=secret,id=app_key`."""

_PURPOSE = "alecia-pipeline/app-key/v1/"


def app_key(master: Secret, app: str) -> Secret:
    """Return an app's key, 64 hex digits: HMAC-SHA-256 (RFC 2104) of its name under the runner's master key."""
    return Secret(hmac.digest(master.reveal().strip().encode(), f"{_PURPOSE}{app}".encode(), "sha256").hex())
