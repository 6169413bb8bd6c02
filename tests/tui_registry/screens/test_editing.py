"""What is written on models and versions, changed by keys from the lists, the pages and the board."""

from tests.tui_registry.console import LARGE, Console, console
from tests.tui_registry.samples import ASKER, Samples

SAVE = "ctrl+s"


async def at_model(shown: Console, name: str) -> None:
    """From anywhere, by searching."""
    await shown.press("colon")
    await shown.type(name)
    await shown.press("enter")
    await shown.shows(f"Models › {name}", "CAN_MANAGE")


def model_of(samples: Samples, name: str) -> dict[str, object]:
    found: dict[str, object] = samples.call("GET", "/mlflow/registered-models/get", name=name)["registered_model"]
    return found


async def test_a_model_is_made_described_tagged_renamed_and_deleted(samples: Samples) -> None:
    name = f"made-{samples.id}"
    async with console(samples.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows("No models that you can read")
        await shown.press("n")
        await shown.shows("New model")
        await shown.press(SAVE)
        await shown.shows("Name is required.")
        await shown.type("a/b")
        await shown.press(SAVE)
        await shown.shows("A name cannot contain /")
        await shown.press("ctrl+u")
        await shown.type(name)
        await shown.press("enter")
        await shown.type("# What")
        await shown.press(SAVE)
        await shown.notifies("Model created.")
        await shown.shows(f"Models › {name}", "0 versions")
        await shown.press("escape", "e")
        await shown.shows(f"Description of {name}", "# What")
        await shown.type(" it is")
        await shown.press(SAVE)
        await shown.notifies("Description changed.")
        await shown.press("T")
        await shown.shows(f"Set a tag on {name}")
        await shown.type("team")
        await shown.press("enter")
        await shown.type("risk")
        await shown.press("enter")
        await shown.notifies("Tag team set to risk.")
        assert model_of(samples, name)["description"] == "# What it is"
        assert model_of(samples, name)["tags"] == [{"key": "team", "value": "risk"}]
        await shown.press("R")
        await shown.shows(f"Rename {name}")
        await shown.type("-2")
        await shown.press("enter")
        await shown.shows("Rename this model?", f"{name} → {name}-2")
        await shown.press("y")
        await shown.notifies(f"Renamed to {name}-2.")
        await shown.shows(f"{name}-2  ")
        await shown.press("D")
        await shown.shows("Permanently delete this model?", "It has no versions.")
        await shown.press("y")
        await shown.type(f"{name}-2")
        await shown.press("enter")
        await shown.notifies("Model deleted.")
        await shown.shows("No models that you can read")


async def test_a_version_is_added_and_deleted(samples: Samples) -> None:
    name = samples.model("grown")
    async with console(samples.url, samples.token) as shown:
        await at_model(shown, name)
        await shown.press("n")
        await shown.shows(f"Add a version to {name}")
        await shown.type("s3://bucket/1")
        await shown.press("enter")
        await shown.type("the first")
        await shown.press("tab")
        await shown.type("run1")
        await shown.press("enter", "enter")
        await shown.notifies("Version added.")
        await shown.shows("1 version ", "the first")
        await shown.press("D")
        await shown.shows("Permanently delete this version?", f"{name} version 1, currently in None")
        await shown.press("y")
        await shown.type("wrong")
        await shown.press("enter")
        await shown.shows(f"This does not match {name}.")
        await shown.press("escape")
        assert samples.stage(name) == "None"
        await shown.press("D", "tab")
        await shown.type(name)
        await shown.press("enter")
        await shown.notifies("Version deleted.")
        await shown.shows("0 versions")


async def test_what_was_changed_is_taken_back(samples: Samples) -> None:
    name = samples.model("undone", description="before")
    samples.version(name)
    async with console(samples.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows(name)
        await shown.press("u")
        await shown.hides("Undo the last change?")
        await shown.press("e")
        await shown.type(" and after")
        await shown.press(SAVE)
        await shown.notifies("Description changed.")
        assert model_of(samples, name)["description"] == "before and after"
        await shown.press("u")
        await shown.shows("Undo the last change?", "restoring the previous description")
        await shown.press("y")
        await shown.until(lambda: model_of(samples, name)["description"] == "before", "it is as it was")
        await shown.press("u")
        await shown.hides("Undo the last change?")


async def test_what_was_changed_by_another_since_is_not_taken_back(samples: Samples) -> None:
    name = samples.model("undone", description="before")
    async with console(samples.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows(name)
        await shown.press("e")
        await shown.type("!")
        await shown.press(SAVE)
        await shown.notifies("Description changed.")
        samples.call("PATCH", "/mlflow/registered-models/update", name=name, description="another's")
        await shown.press("u", "y")
        await shown.notifies("Nothing was sent: the description was changed by someone else.")
    assert model_of(samples, name)["description"] == "another's"


async def test_what_was_typed_is_not_thrown_away_by_one_key(samples: Samples) -> None:
    name = samples.model("kept", description="before")
    async with console(samples.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows(name)
        await shown.press("e")
        await shown.type(" x")
        await shown.press("escape")
        await shown.shows("Press esc again")
        await shown.press("y", "escape", "escape")
        await shown.hides(f"Description of {name}")
    assert model_of(samples, name)["description"] == "before"


async def test_a_version_whole(samples: Samples) -> None:
    name = samples.model("whole")
    samples.version(name, description="# Big\n\nWhat **it** does", tags=[{"key": "framework", "value": "xgboost"}])
    samples.call("POST", "/mlflow/comments/create", by=ASKER, name=name, version="1", comment="another's words")
    async with console(samples.url, samples.token, LARGE) as shown:
        await at_model(shown, name)
        await shown.press("enter")
        await shown.shows(f"Models › {name} › 1", "framework = xgboost", "another's words", "Big", "What it does")
        await shown.press("c")
        await shown.shows(f"Comment on {name} version 1")
        await shown.type("mine")
        await shown.press(SAVE)
        await shown.notifies("Comment added.")
        await shown.shows("s ago: mine", "in stage since")
        await shown.press("A")
        await shown.type("champion")
        await shown.press("enter", "enter")
        await shown.notifies("@champion now points to version 1.")
        await shown.shows("@champion")
        await go_to(shown, "comment", "mine")
        await shown.press("e")
        await shown.type(", edited")
        await shown.press(SAVE)
        await shown.notifies("Comment edited.")
        await shown.shows("mine, edited")
        await shown.press("D")
        await shown.shows("Delete this comment", "  │ mine, edited")
        await shown.press("y")
        await shown.notifies("Comment deleted.")
        await go_to(shown, "comment", "another's")
        assert "e edit" not in shown.bar
        await go_to(shown, "tag", "framework")
        await shown.press("e", "enter")
        await shown.type(" 2")
        await shown.press("enter")
        await shown.notifies("Tag framework set to xgboost 2.")
        await shown.shows("framework = xgboost 2", "console-owner set tag  framework")
        await shown.press("D", "y")
        await shown.notifies("Tag framework removed.")
        await go_to(shown, "alias", "@champion")
        await shown.press("D")
        await shown.shows("Remove this alias", "Loading models:/")
        await shown.press("y")
        await shown.notifies("Alias @champion removed.")


async def go_to(shown: Console, label: str, value: str) -> None:
    """Move down to a fact, however far it is."""
    await shown.press("g")
    for _ in range(40):
        line = next(line for line in shown.text.split("\n") if line.lstrip().startswith("▎"))
        if label in line and value in line:
            return
        await shown.press("j")
    raise AssertionError(f"no {label} {value}:\n{shown.text}")


async def test_a_model_whole(samples: Samples) -> None:
    name = samples.model("about", description="What it is *for*", tags=[{"key": "team", "value": "risk"}])
    samples.version(name, "Production")
    async with console(samples.url, samples.token, LARGE) as shown:
        await at_model(shown, name)
        await shown.press("i")
        await shown.shows(
            f"{name} › Details", "What it is for", "team = risk", "in Production", "version 1", f"{ASKER}: CAN_READ"
        )
        await go_to(shown, "in Production", "version 1")
        await shown.press("enter")
        await shown.shows(f"Models › {name} › 1")
        await shown.press("escape")
        await go_to(shown, "tag", "team = risk")
        await shown.press("D")
        await shown.shows(f"Remove this tag from {name}?")
        await shown.press("n", "g", "D")
        await shown.shows("Permanently delete this model?", "1 in Production")
        await shown.press("escape", "H")
        await shown.shows(f"Activity › {name} (4)", "added")


async def test_a_reader_is_offered_nothing_that_is_refused(samples: Samples) -> None:
    name = samples.model("read", description="words")
    samples.version(name)
    async with console(samples.url, samples.registry.token(ASKER), LARGE) as shown:
        await shown.press("colon")
        await shown.type(name)
        await shown.press("enter")
        await shown.shows("your level: CAN_READ")
        for word in ("n new", "e edit", "T tag", "A alias", "D delete"):
            assert word not in shown.bar
        assert "c comment" in shown.bar
        await shown.press("enter")
        await shown.shows(f"{name} › 1")
        for word in ("e edit", "T tag", "A alias", "D delete"):
            assert word not in shown.bar
