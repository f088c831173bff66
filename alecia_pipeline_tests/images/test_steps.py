"""Lines are those of docker buildx 0.13.1 on engine 26.1.5."""

from alecia_pipeline.images.steps import StepCounter, Steps

LOCAL = """\
#0 building with "default" instance using docker driver
#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
#2 [auth] sharing credentials for ghcr.alecia.localhost:47309
#2 DONE 0.0s
#3 [context node:20-alpine] load metadata for ghcr.alecia.localhost/base/node@sha256:db7a
#3 DONE 0.1s
#5 [base 1/2] FROM ghcr.alecia.localhost/base/node@sha256:db7a
#5 CACHED
#7 [builder 1/3] COPY . .
#7 CACHED
#8 [builder 2/3] RUN echo [1/2] a
#8 0.245 #9 CACHED
#8 0.246 #9 [builder 3/3] RUN nothing
#8 DONE 1.2s
#9 [linux/amd64 builder 3/3] RUN pnpm build
#9 DONE 12.0s
#10 [2/4] WORKDIR /app
#10 DONE 0.0s
#11 exporting to oci image format
#11 DONE 2.3s
"""

REMOTE = """\
#6 importing cache manifest from ghcr.alecia.localhost:47309/alecia/website:buildcache
#6 DONE 0.1s
#20 [builder 5/7] COPY packages/ui packages/ui
#20 CACHED

#20 [builder 5/7] COPY packages/ui packages/ui
#20 DONE 4.8s

#20 [builder 5/7] COPY packages/ui packages/ui
#20 DONE 11.6s
"""

FAILED = """\
#7 [2/3] COPY . .
#7 DONE 0.1s
#8 [3/3] RUN false
#8 ERROR: process "/bin/sh -c false" did not complete successfully: exit code: 1
"""


def counted(text: str) -> Steps:
    counter = StepCounter()
    for line in text.splitlines():
        counter.take(line)
    return counter.steps


def test_instructions_alone_are_counted() -> None:
    assert counted(LOCAL) == Steps(cached=1, executed=3)


def test_a_step_from_a_remote_cache_is_done_again_and_stays_cached() -> None:
    assert counted(REMOTE) == Steps(cached=1, executed=0)


def test_a_step_without_an_end_is_not_counted() -> None:
    assert counted(FAILED) == Steps(cached=0, executed=1)
    assert counted("") == Steps(0, 0)
