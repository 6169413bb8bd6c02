"""The client of the registry, typed by the wire's models: one object per noun.

Those that the first place of the console does without are imported when they are used: a twentieth of its start."""

from functools import cached_property
from typing import TYPE_CHECKING

import httpx

from tui_registry.client.caller import Caller
from tui_registry.client.endpoint import Endpoint
from tui_registry.client.requests import Requests
from tui_registry.client.transport import Transport

if TYPE_CHECKING:
    from tui_registry.client.activities import Activities
    from tui_registry.client.client_secrets import ClientSecretCalls
    from tui_registry.client.comments import Comments
    from tui_registry.client.federation_rules import FederationRuleCalls
    from tui_registry.client.follows import Follows
    from tui_registry.client.groups import Groups
    from tui_registry.client.imports import Imports
    from tui_registry.client.lineage import LineageCalls
    from tui_registry.client.models import Models
    from tui_registry.client.overview import Overview
    from tui_registry.client.permissions import Permissions
    from tui_registry.client.principals import Principals
    from tui_registry.client.service_principals import ServicePrincipals
    from tui_registry.client.tokens import Tokens
    from tui_registry.client.users import Users
    from tui_registry.client.versions import Versions
    from tui_registry.client.webhooks import Webhooks
    from tui_registry.client.workspaces import Workspaces


class RegistryClient(Transport):
    """Calls to one registry with one token, such as ``client.requests.approve(…)``."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        read_only: bool = False,
        workspace: str | None = None,
        endpoint: Endpoint | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """As Transport. Raises EndpointError."""
        super().__init__(url, token, read_only=read_only, workspace=workspace, endpoint=endpoint, transport=transport)
        self.requests = Requests(self)
        self.caller = Caller(self)

    @cached_property
    def models(self) -> "Models":
        from tui_registry.client.models import Models

        return Models(self)

    @cached_property
    def versions(self) -> "Versions":
        from tui_registry.client.versions import Versions

        return Versions(self)

    @cached_property
    def activities(self) -> "Activities":
        from tui_registry.client.activities import Activities

        return Activities(self)

    @cached_property
    def comments(self) -> "Comments":
        from tui_registry.client.comments import Comments

        return Comments(self)

    @cached_property
    def permissions(self) -> "Permissions":
        from tui_registry.client.permissions import Permissions

        return Permissions(self)

    @cached_property
    def tokens(self) -> "Tokens":
        from tui_registry.client.tokens import Tokens

        return Tokens(self)

    @cached_property
    def lineage(self) -> "LineageCalls":
        from tui_registry.client.lineage import LineageCalls

        return LineageCalls(self)

    @cached_property
    def overview(self) -> "Overview":
        from tui_registry.client.overview import Overview

        return Overview(self)

    @cached_property
    def principals(self) -> "Principals":
        from tui_registry.client.principals import Principals

        return Principals(self)

    @cached_property
    def users(self) -> "Users":
        from tui_registry.client.users import Users

        return Users(self)

    @cached_property
    def service_principals(self) -> "ServicePrincipals":
        from tui_registry.client.service_principals import ServicePrincipals

        return ServicePrincipals(self)

    @cached_property
    def groups(self) -> "Groups":
        from tui_registry.client.groups import Groups

        return Groups(self)

    @cached_property
    def client_secrets(self) -> "ClientSecretCalls":
        from tui_registry.client.client_secrets import ClientSecretCalls

        return ClientSecretCalls(self)

    @cached_property
    def federation_rules(self) -> "FederationRuleCalls":
        from tui_registry.client.federation_rules import FederationRuleCalls

        return FederationRuleCalls(self)

    @cached_property
    def webhooks(self) -> "Webhooks":
        from tui_registry.client.webhooks import Webhooks

        return Webhooks(self)

    @cached_property
    def follows(self) -> "Follows":
        from tui_registry.client.follows import Follows

        return Follows(self)

    @cached_property
    def imports(self) -> "Imports":
        from tui_registry.client.imports import Imports

        return Imports(self)

    @cached_property
    def workspaces(self) -> "Workspaces":
        from tui_registry.client.workspaces import Workspaces

        return Workspaces(self)
