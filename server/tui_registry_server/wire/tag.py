"""Tags: pairs of key and value on a model or a version."""

from tui_registry_server.wire.fields import RequestBody, Text

SET_TAG = "send the others by set-tag, one by one"


class Tag(RequestBody):
    """Key: letters, digits and ``/_.- :``, at most 250 characters. Value: at most 100,000."""

    key: Text
    value: Text = ""
