"""The page itself, of Gradio: a tab per kind of job; what is in the tabs is our own script's."""

import html
import os
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before Gradio is imported
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import fastapi
import gradio

from analogies.apps.web.requests import PREFIX
from analogies.apps.web.tabs import TABS

TITLE = "Image analogies"
_FONTS = ["system-ui", "sans-serif"]
_HEAD = (
    f'<link rel="stylesheet" href=".{PREFIX}page.css">'
    f'<script type="module" src=".{PREFIX}page.js"></script>'
)


def application() -> Any:
    """The ASGI application that shows the page; it knows nothing of sessions and runs."""
    with gradio.Blocks(title=TITLE, analytics_enabled=False) as blocks:
        gradio.HTML(f"<h1>{TITLE}</h1>", elem_id="an-title", apply_default_css=False)
        with gradio.Tabs(elem_id="an-tabs"):
            titles = {tab.name: tab.title for tab in TABS} | {"gallery": "Gallery"}
            for name, title in titles.items():
                with gradio.Tab(title, id=name, elem_id=f"an-{name}"):
                    gradio.HTML(_place(name), apply_default_css=False)
    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    return gradio.mount_gradio_app(
        app,
        blocks,
        path="/",
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        allowed_paths=[],
        theme=gradio.themes.Base(font=_FONTS, font_mono=["ui-monospace", "monospace"]),
        head=_HEAD,
    )


def _place(name: str) -> str:
    return f'<div class="an" data-an-tab="{html.escape(name)}"></div>'
