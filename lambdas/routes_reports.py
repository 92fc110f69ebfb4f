"""The route of a run's report: as data, or as one page; its flips have their sentences for who may read text."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools.event_handler import Response

from chartloop import report_page, report_style, reporting, tasks
from lambdas.http import MODELS_READ, RECORDS_WRITE, Routes
from lambdas.routes_records import Task

routes = Routes()

PAGE = "text/html"


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>/runs/<run_id>/report", "A run's report", "Report")
def get_report(task: Task, run_id: str) -> Response[Any]:
    """Verdict, figures and flips as data, or as one page where the header Accept names `text/html`.

    Flips have their sentences for a token that also has the scope chartloop/records:write, until they expire.
    """
    tasks.find(task)
    world = routes.world
    found = reporting.find(
        task, run_id, text=RECORDS_WRITE in routes.granted,
        ledger=world.ledger, objects=world.objects, jobs=world.jobs, now=world.clock(),
    )  # fmt: skip
    if PAGE not in (routes.current_event.headers.get("accept") or ""):
        return Response(status_code=200, content_type="application/json", body=json.dumps(found, ensure_ascii=False))
    return Response(
        status_code=200, content_type=f"{PAGE}; charset=utf-8", body=report_page.page(found),
        headers={"Content-Security-Policy": f"{report_style.policy()}; frame-ancestors 'none'"},
    )  # fmt: skip
