"""The client of the registry, typed by the wire's models: one object per noun."""

import httpx

from tui_registry.client.activities import Activities
from tui_registry.client.client_secrets import ClientSecretCalls
from tui_registry.client.comments import Comments
from tui_registry.client.endpoint import Endpoint
from tui_registry.client.federation_rules import FederationRuleCalls
from tui_registry.client.follows import Follows
from tui_registry.client.groups import Groups
from tui_registry.client.imports import Imports
from tui_registry.client.models import Models
from tui_registry.client.overview import Overview
from tui_registry.client.permissions import Permissions
from tui_registry.client.principals import Principals
from tui_registry.client.requests import Requests
from tui_registry.client.service_principals import ServicePrincipals
from tui_registry.client.tokens import Tokens
from tui_registry.client.transport import Transport
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
        self.models = Models(self)
        self.versions = Versions(self)
        self.requests = Requests(self)
        self.comments = Comments(self)
        self.activities = Activities(self)
        self.overview = Overview(self)
        self.permissions = Permissions(self)
        self.principals = Principals(self)
        self.users = Users(self)
        self.service_principals = ServicePrincipals(self)
        self.groups = Groups(self)
        self.tokens = Tokens(self)
        self.client_secrets = ClientSecretCalls(self)
        self.federation_rules = FederationRuleCalls(self)
        self.webhooks = Webhooks(self)
        self.follows = Follows(self)
        self.imports = Imports(self)
        self.workspaces = Workspaces(self)
