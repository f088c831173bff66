"""Dagster's webserver, as far as the push sensor needs it: to load a code location again."""

import httpx

from alecia_pipeline.errors import OutsideError

_RELOAD = "mutation Reload($name: String!) { reloadRepositoryLocation(repositoryLocationName: $name) { __typename } }"
TIMEOUT = 60
"""Seconds; definitions of 500 packages load in two."""


def reload_location(url: str, name: str) -> None:
    """Load the definitions of a code location again. Raises OutsideError when the webserver does not do it."""
    try:
        request = {"query": _RELOAD, "variables": {"name": name}}
        answer = httpx.post(f"{url}/graphql", json=request, timeout=TIMEOUT)
        answer.raise_for_status()
        kind = answer.json()["data"]["reloadRepositoryLocation"]["__typename"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise _failed(url, name, str(error)) from error
    if kind != "WorkspaceLocationEntry":
        raise _failed(url, name, kind)


def _failed(url: str, name: str, why: str) -> OutsideError:
    fix = f"in the UI: Deployment, then Reload beside {name}"
    return OutsideError("the definitions cannot be loaded again", where=url, why=why, fix=fix)
