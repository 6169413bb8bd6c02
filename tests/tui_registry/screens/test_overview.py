"""The overview: every count is the length of the list that it opens; and what is shown where there is none."""

import time

from sqlalchemy import update

from tests.live_registry import command
from tests.server.database_state import changing
from tests.tui_registry.console import LARGE, Console, console
from tests.tui_registry.proxy import proxied
from tests.tui_registry.samples import OWNER, Samples
from tui_registry.session.settings import Settings
from tui_registry_server.store.tables import model_versions, registered_models, tokens

DAY = 24 * 60 * 60 * 1000  # milliseconds
ASKED = "/mlflow/registry/overview"


def note(shown: Console, label: str) -> tuple[str, str]:
    """The count in the row with this label, and what is beside it."""
    line = next(line for line in shown.text.split("\n") if label in line)
    count, _, beside = line.partition(label)[2].strip().partition(" ")
    return count, beside.strip()


def backdate(samples: Samples, model: str, days: int) -> None:
    created = int(time.time() * 1000) - days * DAY
    with changing(samples.registry.database) as connection:
        model_id = connection.scalar(registered_models.select().where(registered_models.c.name == model))
        of_model = update(model_versions).where(model_versions.c.model_id == model_id)
        connection.execute(of_model.values(creation_timestamp=created))


def expire_no_token(samples: Samples) -> None:
    """Tokens of other tests last."""
    with changing(samples.registry.database) as connection:
        connection.execute(update(tokens).values(expiry_timestamp=None))


async def test_a_count_opens_the_list_that_was_counted(samples: Samples) -> None:
    expire_no_token(samples)
    asked = samples.pending("asked")
    old, plain, orphan = (samples.model(name) for name in ("old", "plain", "orphan"))
    samples.version(old, "Production")
    samples.version(plain, "Production")
    backdate(samples, old, 31)
    path = "/mlflow/databricks/registered-models/get"
    model_id = samples.call("GET", path, name=orphan)["registered_model_databricks"]["id"]
    with samples.registry.client() as admin:
        gone = f"gone-{samples.id}"
        admin.post("/preview/scim/v2/Users", json={"userName": gone, "active": False}).raise_for_status()
        entries = [{"user_name": gone, "permission_level": "CAN_MANAGE"}]
        changed = admin.put(f"/permissions/registered-models/{model_id}", json={"access_control_list": entries})
        assert changed.is_success, changed.text
    command(samples.registry.database, "tokens", "create", OWNER, "--days", "3")

    opened = {
        "Open requests": ("Inbox (1)", (asked,)),
        "Stage transitions": ("Activity matching “type:moved type:approved", (old, plain)),
        "Models without description": ("Models matching “missing:description” (4)", (asked, old, plain, orphan)),
        "Models without owner": ("Models matching “missing:owner” (1)", (orphan,)),
        "Old Production versions": ("Board matching “stage:production older:30d”", (old,)),
        "Tokens expiring soon": ("Tokens matching “expires:14d” (1)", (OWNER,)),
    }
    settings = Settings(old_days=30)
    async with console(samples.url, samples.registry.admin_token, LARGE, settings=settings) as shown:
        await shown.press("6")
        await shown.shows("Overview", "the oldest has waited", "created more than 30 days ago")
        for down, (label, (title, names)) in enumerate(opened.items()):
            await shown.press("6")
            await shown.shows("Stage transitions per day", label)
            count, _ = note(shown, label)
            await shown.press("g", *["j"] * down, "enter")
            await shown.shows(title, *(name[:12] for name in names))
            if label == "Stage transitions":  # of this and other tests
                assert (f"({count})" if int(count) <= 100 else "(100+)") in shown.header
            else:
                assert count == str(len(names)), label
            if label == "Old Production versions":
                await shown.shows("Production 1")
                await shown.hides(plain)
        await shown.press("6")
        samples.call("PATCH", "/mlflow/registered-models/update", name=plain, description="Now it says.")
        await shown.until(lambda: note(shown, "Models without description")[0] == "3", "the new count")
        await shown.press("1", "colon", *"overview", "enter")
        await shown.shows("Stage transitions per day")


async def test_what_is_well_is_said(samples: Samples) -> None:
    expire_no_token(samples)
    async with console(samples.url, samples.token) as shown:
        await shown.press("6")
        await shown.shows("Open requests", "no open requests")
        assert note(shown, "Models without description") == ("0", "no model lacks a description")
        assert note(shown, "Models without owner") == ("0", "an active account has CAN_MANAGE on each")
        assert note(shown, "Old Production versions") == ("0", "none was created more than 90 days ago")
        assert note(shown, "Tokens expiring soon") == ("0", "no token of yours expires within 14 days")


async def test_an_older_server_is_not_asked_again_and_again(samples: Samples) -> None:
    model = samples.pending("there")
    async with proxied(samples.url) as proxy, console(proxy.url, samples.token) as shown:
        await shown.shows("Inbox (1)", model, "● live")
        proxy.hold(ASKED)
        await shown.press("6")
        await shown.shows("Counting…", "◌ waiting")
        proxy.release()
        await shown.shows("Open requests", "● live")

        await shown.press("1")
        proxy.refuse("", 404, "ENDPOINT_NOT_FOUND")
        await shown.press("6")
        await shown.shows("This server has no overview", "Upgrade the server, then press F5")
        await shown.hides("Open requests", "per day")
        before = sum(ASKED in line for line in proxy.asked)
        for text in ("one", "two"):
            samples.call("PATCH", "/mlflow/registered-models/update", name=model, description=text)
            changes = shown.app.change_count
            await shown.until(lambda known=changes: shown.app.change_count > known, "an event")  # type: ignore[misc]
        assert sum(ASKED in line for line in proxy.asked) == before
        proxy.accept()
        await shown.press("f5")
        await shown.shows("Open requests", "Stage transitions per day", "● live")

        proxy.refuse("registry-webhooks/overview", 500, "INTERNAL_ERROR")
        await shown.press("f5")
        await shown.shows("Open requests", "Webhooks failing", "● live")
        assert note(shown, "Webhooks failing") == ("?", "cannot be read")
        await shown.press("G")
        await shown.shows("No registry-webhooks/overview.")
        for status, code in ((404, "ENDPOINT_NOT_FOUND"), (403, "PERMISSION_DENIED")):
            proxy.refuse("registry-webhooks/overview", status, code)
            await shown.press("f5")
            await shown.hides("Webhooks failing")
            await shown.shows("Open requests")
