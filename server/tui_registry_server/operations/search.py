"""Searching registered models and model versions, paged."""

from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.rules.search import MODELS, VERSIONS, Search, read_search
from tui_registry_server.store import registered_models as model_rows
from tui_registry_server.store import version_search
from tui_registry_server.store.pages import Page
from tui_registry_server.wire.model_version import SearchModelVersions
from tui_registry_server.wire.registered_model import ListRegisteredModels, SearchRegisteredModels


def registered_models(call: Call, body: SearchRegisteredModels, subject: None) -> Answer:
    """Models that match a filter and that the caller may read."""
    search = read_search(
        MODELS,
        filter_text=body.filter,
        order_by=body.order_by,
        max_results=body.max_results,
        page_token=body.page_token,
        include_prompts=body.include_prompts,
    )
    return _page("registered_models", search, model_rows.page(call.connection, call.principal, search))


def all_registered_models(call: Call, body: ListRegisteredModels, subject: None) -> Answer:
    """All models that the caller may read, by name."""
    return registered_models(call, SearchRegisteredModels(**body.model_dump()), None)


def model_versions(call: Call, body: SearchModelVersions, subject: None) -> Answer:
    """Versions that match a filter and that the caller may read."""
    search = read_search(
        VERSIONS,
        filter_text=body.filter,
        order_by=body.order_by,
        max_results=body.max_results,
        page_token=body.page_token,
        include_prompts=body.include_prompts,
    )
    return _page("model_versions", search, version_search.page(call.connection, call.principal, search))


def _page(member: str, search: Search, page: Page) -> Answer:
    if not page.rows:
        return {}
    token = ""
    if page.more:
        token = f',"next_page_token":"{search.token_after(page.rows[-1][1])}"'
    listed = b",".join(document for document, _ in page.rows)
    return b"".join((f'{{"{member}":['.encode(), listed, f"]{token}}}".encode()))
