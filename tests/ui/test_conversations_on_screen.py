"""Several conversations: drafts, the list, deleting and undoing, alternatives to a reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.ui.desk import prompts, sit_down

if TYPE_CHECKING:
    from tests.loopback import LoopbackServer


async def test_each_conversation_keeps_its_draft(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.type("draft of the first\nin two lines")
        await desk.press("ctrl+n")
        await desk.until(lambda: desk.prompt == "")
        await desk.answered("Second", "Two")
        await desk.type("draft of the second")
        await desk.go_to("First")
        assert desk.prompt == "draft of the first\nin two lines"
        assert "One" in desk.transcript
        await desk.press("!")
        assert desk.prompt.endswith("lines!")
        await desk.go_to("Second")
        assert desk.prompt == "draft of the second"
        await desk.go_to("First")
        assert desk.prompt.endswith("lines!")
        assert loopback.unanswered() == 0


async def test_a_draft_survives_looking_at_the_list_which_shows_it(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.type("half a tho")
        await desk.press("ctrl+o")
        await desk.sees("● New conversation draft")
        await desk.press("escape", "u", "g", "h", "t")
        assert desk.prompt == "half a thought"


async def test_a_draft_survives_deleting_and_undo(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.type("my draft")
        await desk.press("ctrl+o", "ctrl+d", "escape")
        await desk.until(lambda: desk.prompt == "")
        await desk.say("/undo")
        await desk.sees("First", "One")
        await desk.until(lambda: desk.prompt == "my draft")


async def test_what_was_sent_is_no_draft_any_more(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.type("First")
        await desk.press("ctrl+o", "escape", "enter")
        exchange = await loopback.next_exchange()
        await exchange.text("One")
        await exchange.finish()
        await desk.status_says("✓")
        await desk.press("ctrl+n")
        await desk.press("ctrl+o")
        await desk.sees("First loopback-1 2 messages ✓")
        assert "draft" not in desk.words
        await desk.press("enter")
        await desk.sees("One")
        assert desk.prompt == ""


async def test_deleting_goes_to_a_new_one_and_undo_brings_back_the_last(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "to First")
        await desk.press("ctrl+n")
        await desk.answered("Second", "to Second")
        await desk.say("/delete")
        await desk.sees("New conversation", "Deleted “Second”. /undo brings it back.")
        assert "to Second" not in desk.transcript
        await desk.go_to("First")
        await desk.say("/delete")
        await desk.until(lambda: "New conversation" in desk.lines[0])
        for name in ("First", "Second"):
            await desk.say("/undo")
            await desk.until(lambda name=name: f"to {name}" in desk.transcript)
        await desk.press("ctrl+o")
        await desk.sees("● Second", "First")


async def test_undoing_a_deletion_does_not_stop_a_reply_in_another_conversation(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.say("/delete")
        exchange = await desk.begun("Second", "Half a sent")
        await desk.say("/undo")
        await desk.sees("It is in the list again: ctrl+o opens it.")
        await exchange.text("ence.")
        await exchange.finish()
        await desk.sees("Half a sentence.", "✓ complete")
        await desk.go_to("First")
        await desk.sees("First loopback-1 One")


async def test_a_mere_draft_that_is_deleted_is_called_one(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.type("half a tho")
        await desk.press("ctrl+o")
        await desk.sees("Conversations · 1")
        await desk.press("ctrl+d")
        await desk.sees("Deleted “the draft”.")


async def test_deleting_can_be_done_in_the_list_one_after_the_other(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        for name in ("First", "Second"):
            await desk.press("ctrl+n")
            await desk.answered(name, f"to {name}")
        await desk.press("ctrl+o")
        await desk.sees("Conversations · 2")
        await desk.burst("ctrl+d", "ctrl+d", "ctrl+d")
        await desk.sees("Conversations · 0")
        await desk.press("escape")
        await desk.until(lambda: "New conversation" in desk.lines[0])
        await desk.answered("Third", "works")


async def test_what_is_deleted_in_the_list_is_brought_back_there(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.press("ctrl+o", "ctrl+d")
        await desk.sees("Conversations · 0")
        await desk.press("ctrl+z")
        await desk.sees("Conversations · 1")
        await desk.press("enter")
        await desk.sees("One", "ready")


async def test_blank_conversations_do_not_pile_up(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.press("ctrl+n", "ctrl+n", "ctrl+n")
        await desk.answered("First", "One")
        await desk.press("ctrl+n", "ctrl+n")
        await desk.press("ctrl+o")
        await desk.sees("Conversations · 1", "First loopback-1")


async def test_typing_in_the_list_finds_titles_and_what_was_said(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        for name in ("About apples", "About pears"):
            await desk.press("ctrl+n")
            await desk.answered(name, f"Yes, {name[6:]} are fine")
        await desk.press("ctrl+o", *"apple")
        await desk.sees("About apples loopback-1", "in messages", "Yes, apples are fine")
        await desk.until(lambda: "About pears loopback-1" not in desk.words)
        await desk.press("enter")
        await desk.until(lambda: "About apples" in desk.lines[0])


async def test_what_was_looked_for_outlives_a_deletion(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        for name in ("Something else", "People eat roses", "Pear tart"):
            await desk.press("ctrl+n")
            await desk.answered(name, "Yes")
        await desk.press("ctrl+o", *"pear")
        await desk.sees("● Pear tart loopback-1 2 messages ✓ now People eat roses loopback-1")
        await desk.press("ctrl+d")
        await desk.sees("Deleted “Pear tart”.")
        await desk.until(lambda: "Pear tart loopback-1" not in desk.words)
        await desk.sees("People eat roses")
        assert "Something else" not in desk.words


async def test_looking_for_what_is_not_there_opens_and_deletes_nothing(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.press("ctrl+o", *"zzz", "ctrl+d", "enter", "escape")
        await desk.until(lambda: len(desk.app.screen_stack) == 1)
        assert "First" in desk.lines[0]
        assert "One" in desk.transcript


async def test_the_list_shows_how_each_last_reply_ended(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("Good", "One")
        await desk.press("ctrl+n")
        await desk.begun("Stopped", "Some")
        await desk.press("ctrl+o")
        await desk.sees("● Stopped running 1 message now Good loopback-1 2 messages ✓")
        await desk.press("escape", "escape")
        await desk.sees("■ stopped by you")
        await desk.press("ctrl+o")
        await desk.sees("● Stopped loopback-1 2 messages ■ now Good loopback-1 2 messages ✓")


async def test_a_retry_asks_the_same_and_does_not_send_the_old_reply(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("Zero", "0")
        await desk.answered("First", "One")
        await desk.type("a draft")
        await desk.press("escape", "r")
        exchange = await loopback.next_exchange()
        assert prompts(exchange) == [("user", "Zero"), ("assistant", "0"), ("user", "First")]
        await exchange.text("Uno")
        await exchange.finish()
        await desk.sees("Uno", "✓ complete")
        assert "One" not in desk.transcript
        assert desk.transcript.count("First") == 1
        assert desk.prompt == "a draft"


async def test_brackets_go_between_the_alternatives(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.press("escape", "r")
        exchange = await loopback.next_exchange()
        await exchange.text("Uno")
        await exchange.finish()
        await desk.sees("Uno")
        await desk.until(lambda: not desk.ours())
        await desk.press("[")
        await desk.sees("loopback-1 1/2 One")
        await desk.press("[")
        await desk.sees("There is no alternative in that direction.")
        await desk.press("]")
        await desk.sees("loopback-1 2/2 Uno")
        await desk.press("[")
        await desk.sees("loopback-1 1/2 One")
        await desk.press("i")
        exchange = await desk.ask("Second")
        assert ("assistant", "One") in prompts(exchange)
        assert "Uno" not in exchange.body.decode()


async def test_a_second_try_shows_its_place_as_soon_as_it_has_ended(
    loopback: LoopbackServer,
) -> None:
    async with sit_down(loopback) as desk:
        await desk.answered("First", "One")
        await desk.say("/retry")
        exchange = await loopback.next_exchange()
        await exchange.text("Uno")
        await exchange.finish()
        await desk.sees("loopback-1 2/2 Uno")


async def test_a_retry_after_a_stop_keeps_the_stopped_one(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.begun("First", "Half")
        await desk.press("escape")
        await desk.say("/retry")
        exchange = await loopback.next_exchange()
        assert prompts(exchange) == [("user", "First")]
        await exchange.text("Whole")
        await exchange.finish()
        await desk.sees("Whole", "✓")
        await desk.until(lambda: not desk.ours())
        await desk.say("/older")
        await desk.sees("Half", "■ stopped by you")


async def test_a_retry_with_nothing_to_try_again_does_nothing(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.say("/retry")
        await desk.say("/older")
        await desk.say("/newer")
        await desk.settle()
        assert not loopback.connections
        await desk.answered("First", "One")


async def test_deleting_a_blank_conversation_promises_no_undo(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.say("/delete")
        await desk.settle()
        assert "Deleted" not in desk.words
        await desk.say("/undo")
        await desk.sees("Nothing was deleted lately.")


async def test_undo_with_nothing_deleted_says_so(loopback: LoopbackServer) -> None:
    async with sit_down(loopback) as desk:
        await desk.say("/undo")
        await desk.sees("Nothing was deleted lately.")


async def test_the_system_prompt_goes_with_every_conversation(loopback: LoopbackServer) -> None:
    async with sit_down(loopback, system="Be brief.") as desk:
        await desk.answered("First", "One")
        await desk.say("/delete")
        exchange = await desk.answered("Second", "Two")
        assert exchange.json()["system"] == "Be brief."
        await desk.press("ctrl+n")
        exchange = await desk.ask("Third")
        assert exchange.json()["system"] == "Be brief."
