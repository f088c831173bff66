from alecia_pipeline.images.command import BuildRequest, LayerCache, build_command
from alecia_pipeline.redaction import Secret


def test_the_plain_command() -> None:
    command = build_command(BuildRequest("apps/cms/Dockerfile", None, {}, {}, None), folder="/tmp/image")
    assert command.argv == (
        "docker",
        "buildx",
        "build",
        "--progress=plain",
        "--provenance=false",
        "--platform=linux/amd64",
        "--file=apps/cms/Dockerfile",
        "--output=type=oci,dest=/tmp/image,tar=false,compression=uncompressed",
        "-",
    )
    assert command.environment == {"SOURCE_DATE_EPOCH": "315532800"}


def test_every_choice_is_an_option() -> None:
    request = BuildRequest("D", "runner", {"B": "2", "A": "x y"}, {"node:20": "docker-image://r/n@sha256:a"}, "remote")
    argv = build_command(request, folder="i").argv
    assert argv[6:12] == (
        "--file=D",
        "--builder=remote",
        "--target=runner",
        "--build-arg=A=x y",
        "--build-arg=B=2",
        "--build-context=node:20=docker-image://r/n@sha256:a",
    )


def test_logins_may_lie_elsewhere() -> None:
    request = BuildRequest("D", None, {}, {}, None, docker_config="/etc/alecia/docker")
    assert build_command(request, folder="i").environment["DOCKER_CONFIG"] == "/etc/alecia/docker"


def test_a_cold_build_takes_no_step_from_the_cache() -> None:
    request = BuildRequest("Dockerfile", None, {}, {}, None, cold=True)
    assert "--no-cache" in build_command(request, folder="/tmp/image").argv


def test_a_secret_goes_through_the_environment_and_is_nowhere_shown() -> None:
    values = {"npm_token": Secret("of-npm"), "app_key": Secret("of-the-app")}
    command = build_command(BuildRequest("Dockerfile", None, {}, {}, None, secrets=values), folder="/tmp/image")
    given = [word for word in command.argv if word.startswith("--secret")]
    assert given == ["--secret=id=app_key,env=ALECIA_BUILD_SECRET_0", "--secret=id=npm_token,env=ALECIA_BUILD_SECRET_1"]
    assert {name: value.reveal() for name, value in command.secrets.items()} == {
        "ALECIA_BUILD_SECRET_0": "of-the-app",
        "ALECIA_BUILD_SECRET_1": "of-npm",
    }
    assert "of-" not in repr(command)


def test_a_layer_cache_is_read_and_written_of_every_stage() -> None:
    request = BuildRequest("Dockerfile", None, {}, {}, None, cache=LayerCache(read="r/a:1", write="r/a:2"))
    argv = build_command(request, folder="i").argv
    assert "--cache-from=type=registry,ref=r/a:1" in argv
    (written,) = [word for word in argv if word.startswith("--cache-to=type=registry,ref=r/a:2,")]
    assert {"mode=max", "ignore-error=true"} < set(written.split(","))


def test_a_cold_build_neither_reads_nor_writes_a_layer_cache() -> None:
    request = BuildRequest("Dockerfile", None, {}, {}, None, cold=True, cache=LayerCache(read="r/a:1", write="r/a:2"))
    assert not [word for word in build_command(request, folder="i").argv if "cache-" in word]
