"""Validating data by one of the wire's models, with a clear error message."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tui_registry_server.rules.errors import InvalidParameterValue

Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], fields: Mapping[str, Any]) -> Model:
    """The fields as a model. Raises InvalidParameterValue."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise InvalidParameterValue(_describe(error.errors(include_url=False, include_context=True)[0])) from None


def _describe(problem: ErrorDetails) -> str:
    """The error of the first invalid field, and what would be valid."""
    field = ".".join(str(part) for part in problem["loc"]) or "request"
    if problem["type"] == "missing":
        return f"Missing value for required parameter '{field}'. See /openapi.json for the parameters of this call."
    reason = problem["msg"].removeprefix("Value error, ")
    return f"Invalid value for parameter '{field}': {reason}."
