"""`alecia ui`: Dagster's UI, daemon and sensors for one repository, on loopback."""

from pathlib import Path

import click

from alecia_pipeline.adapters.dagster_services import LOOPBACK, DagsterServices, check_port
from alecia_pipeline.adapters.git import resolve
from alecia_pipeline.adapters.mirror import is_remote
from alecia_pipeline.cli.output import log_line, stdout
from alecia_pipeline.operations.runner import load_config

DEFAULT_PORT = 3000


@click.command()
@click.option("--repo", default=".", show_default=True, help="The monorepo to watch: a folder (also bare), or a URL.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="Port on 127.0.0.1.")
@click.pass_context
def ui(ctx: click.Context, repo: str, port: int) -> None:
    """Show the pipeline in Dagster's UI, and release what is pushed, until Ctrl-C.

    \b
    Examples:
      alecia ui
      alecia --config runner.yaml ui --repo /srv/git/alepanel.git --port 3001
    """
    named = ctx.find_root().obj
    folder = Path() if is_remote(repo) else Path(repo)
    config = load_config(named, folder)
    if not is_remote(repo):
        resolve(folder, "HEAD")
    check_port(port)
    # Dagster takes a second to import: neither help nor a refusal waits for it.
    from alecia_pipeline.defs.instance import dagster_home, limit_pools, open_instance  # noqa: PLC0415
    from alecia_pipeline.defs.recording import end_abandoned  # noqa: PLC0415
    from alecia_pipeline.defs.site import MODULE, Location  # noqa: PLC0415

    home = dagster_home()
    with open_instance() as instance:
        limit_pools(instance, config.environments)
        end_abandoned(instance)
    location = Location(
        repo if is_remote(repo) else str(folder.resolve()),
        str(Path(named).resolve()) if named else None,
        ui=f"http://{LOOPBACK}:{port}",
    )
    services = DagsterServices(MODULE, home, port, location.environment())
    try:
        services.wait_ready()
        stdout().print(services.url, markup=False)
        log_line(f"Dagster watches {repo}, log {services.log}; Ctrl-C stops it")
        services.wait()
    except KeyboardInterrupt:
        log_line("stopping")
    finally:
        services.stop()
