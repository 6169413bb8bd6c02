"""Maximum lengths of the lists in requests. They are checked before any element is validated: a million invalid ones
would be a million errors, and block the event loop."""

from dataclasses import dataclass
from typing import Any, get_args

from pydantic import GetCoreSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

MAX_TAGS = 1000  # of a new model or version: clients send some dozens
MAX_STAGES = 100  # there are four; some clients repeat them
MAX_ORDER_BY = 100  # there are five keys
MAX_ACTIVITY_TYPES = 100  # there are some thirty
MAX_ACCESS_ENTRIES = 1000
MAX_VALUES = 100  # emails, entitlements or roles of one user, group or service principal
MAX_OPERATIONS = 1000  # of one PATCH
MAX_SCOPES = 100  # of a secret: there is one
MAX_EVENTS = 100  # of a webhook: there are some twenty
MAX_ATTRIBUTES = 100  # names of attributes to include, or to exclude
MAX_MEMBERS = 10_000  # of a group, in one request: Okta sends whole groups, Entra ID parts of some thousands


@dataclass(frozen=True, slots=True)
class MaxLength:
    """An annotation of a list: ``Annotated[list[Tag], MaxLength(100)]``. Only the first invalid element is reported.

    instead: how to send a list that is longer.
    """

    length: int
    instead: str = "send fewer"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        (element,) = get_args(source)
        bounded = core_schema.list_schema(handler(element), max_length=self.length, fail_fast=True)
        return core_schema.no_info_before_validator_function(self._check, bounded)

    def _check(self, value: Any) -> Any:
        if isinstance(value, list) and len(value) > self.length:
            message = "it has {length} elements; at most {limit} are allowed: {instead}"
            raise PydanticCustomError(
                "too_long", message, {"length": len(value), "limit": self.length, "instead": self.instead}
            )
        return value
