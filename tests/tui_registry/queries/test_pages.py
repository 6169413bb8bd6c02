"""Lists that are read in pages, of what the server returns all at once."""

from tui_registry.queries.pages import Pages, page_of


async def test_a_page_begins_behind_the_one_before_whatever_is_removed_or_added() -> None:
    items = list(range(0, 1200, 2))

    async def read(token: str, size: int) -> tuple[list[int], str]:
        return page_of(items, lambda item: (item,), token, size)

    pages = Pages(read)
    await pages.refresh(0, 10)
    await pages.extend()
    assert (pages.rows, pages.more) == (items, False)

    items.remove(198)  # the last one of the first page, which is not on the screen
    items.insert(0, -2)
    await pages.refresh(300, 310)
    assert pages.rows == [*range(0, 200, 2), *range(200, 1200, 2)]
    await pages.refresh(0, 10)
    await pages.extend()
    assert (pages.rows, pages.more) == (items, False)
