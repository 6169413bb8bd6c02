"""A model with users, groups and grants, and an administrator's view of them."""

from typing import Any

import httpx

from tests.live_registry import LiveRegistry, trusting
from tests.tui_registry.console import Console
from tests.tui_registry.samples import Samples

SCIM = "/preview/scim/v2"


class AccessFixture:
    """A model of OWNER, users in a group, and an administrator's view of their levels."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        self.registry: LiveRegistry = samples.registry
        self.admin = samples.registry.client()
        self.model = samples.model("churn")
        self.group = f"ml-leads-{samples.id}"
        self.users = {name: f"{name}-{samples.id}" for name in ("ann", "bob")}
        ids = [self.call("POST", f"{SCIM}/Users", userName=name)["id"] for name in self.users.values()]
        members = [{"value": user_id} for user_id in ids]
        self.ids = dict(zip(self.users, ids, strict=True))
        self.group_id = self.call("POST", f"{SCIM}/Groups", displayName=self.group, members=members)["id"]

    @property
    def url(self) -> str:
        return self.registry.url

    def call(self, method: str, path: str, **fields: Any) -> Any:
        content = {"params": fields} if method == "GET" else {"json": fields}
        answer = self.admin.request(method, path, **content)  # type: ignore[arg-type]  # either of the two
        assert answer.is_success, f"{method} {path} {fields}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}

    @property
    def _path(self) -> str:
        found = self.call("GET", "/mlflow/databricks/registered-models/get", name=self.model)
        return f"/permissions/registered-models/{found['registered_model_databricks']['id']}"

    def grant(self, level: str, **who: str) -> None:
        self.call("PATCH", self._path, access_control_list=[{"permission_level": level, **who}])

    def direct(self) -> dict[str, str]:
        """The direct levels on the model, by principal."""
        entries = self.call("GET", self._path)["access_control_list"]
        return {
            entry.get("user_name") or entry.get("group_name") or entry["service_principal_name"]: each[
                "permission_level"
            ]
            for entry in entries
            for each in entry["all_permissions"]
            if not each.get("inherited")
        }

    def user(self, name: str) -> Any:
        page = self.call("GET", f"{SCIM}/Users", filter=f'userName eq "{name}"')
        return next(iter(page["Resources"]), None)

    def group_named(self, name: str) -> Any:
        page = self.call("GET", f"{SCIM}/Groups", filter=f'displayName eq "{name}"')
        return next(iter(page["Resources"]), None)

    def owner_of(self, token: str) -> str | None:
        """Who calls with a token; None if it is not accepted."""
        answer = httpx.get(
            f"{self.url}/api/2.0{SCIM}/Me", headers={"Authorization": f"Bearer {token}"}, verify=trusting(None)
        )
        return answer.json().get("userName") if answer.is_success else None

    def close(self) -> None:
        self.admin.close()


async def choose(shown: Console, key: str) -> None:
    """Bring the cursor to the row whose line has this text."""
    await shown.press("g")
    for _ in range(60):
        line = next((line for line in shown.text.split("\n") if line.startswith("▎")), "")
        if key in line:
            return
        await shown.press("j")
    raise AssertionError(f"no row has {key}:\n{shown.text}")


async def to_section(shown: Console, title: str) -> None:
    await shown.press("5")
    await shown.shows("Access › Permissions")
    for _ in range(5):
        if f"Access › {title}" in shown.header:
            break
        await shown.press("tab")
        await shown.pilot.pause(0.05)
    await shown.shows(f"Access › {title} (")
