"""The CDK app's entry: `cdk synth`, `cdk deploy` and the local cloud run this file."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Synthesizes every stack. Needs no AWS call, credentials or Docker."""
    # The CDK's libraries run on Node: the one beside this Python, unless another is named.
    os.environ.setdefault("JSII_NODE", str(Path(sys.executable).parent / "node"))
    from aws_cdk import App

    from chartloop.errors import InvalidRequest
    from infra.app import deployment
    from infra.context import read

    app = App()
    try:
        context = read(app.node.get_all_context(), os.environ)
    except InvalidRequest as refused:
        sys.exit(str(refused))
    deployment(app, context)
    app.synth()


if __name__ == "__main__":
    main()
