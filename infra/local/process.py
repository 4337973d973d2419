"""The serving process: ministack with our own services in it.

Invariant: everything is put together here and nowhere else; no other module of this package starts threads or patches
anything when it is imported.
"""

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import Any

from infra.local import server
from infra.local.assembly import LocalAwsProcess
from infra.local.ministack.gateway import settings


def serve(port: int, state_dir: Path) -> None:
    """Serve on 127.0.0.1 until SIGTERM or SIGINT. Raises LocalAwsError if the state directory is in use."""
    # Given back by the end of the process, and by nothing else: who sees it free sees no process any more.
    server.lock(state_dir)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    os.environ.update(settings(port, state_dir, server.ACCOUNT, server.REGION))
    asyncio.run(_serve(port, state_dir))


async def _serve(port: int, state_dir: Path) -> None:
    # Hypercorn comes with ministack; imported here since `server` must work without either.
    from hypercorn.asyncio import serve as serve_asgi
    from hypercorn.config import Config

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)

    local_aws = LocalAwsProcess(f"http://127.0.0.1:{port}", state_dir)
    await local_aws.restore()
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    application: Any = local_aws.application
    serving = asyncio.create_task(serve_asgi(application, config, shutdown_trigger=stopping.wait))
    await _until_listening(port, serving)
    await local_aws.start()
    server.announce(state_dir, port)
    try:
        await serving
    finally:
        await local_aws.stop()
    # Everything is on disk; threads that still wait for answers of ours would only hold up the exit.
    logging.shutdown()
    os._exit(0)


async def _until_listening(port: int, serving: asyncio.Task[None]) -> None:
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return
    await serving
