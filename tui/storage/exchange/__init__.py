"""Conversations moved in and out, as pure functions on files; no database is known here.

Out: `rill_json` (everything, and it imports losslessly), `markdown` and `page` (the path being
read, for people). In: `archive.open_archive`, which tells by its content what a file is.

What the foreign formats are was read in other people's source code, never checked against a real
account's or program's own files:

- elia: `elia_chat/database/models.py` and `converters.py` of darrenburns/elia, an early and a late
  version. It never sets `parent_id`, though the column is there.
- oterm: `store/setup.py`, `store/store.py` and `store/upgrades/` of ggozad/oterm, 0.1 to 0.22.
  There are no times in it, at first no ids of messages either.
- ChatGPT: descriptions and parsers by others (among them `docs/dev/chatgpt-spec.md` of
  mohamed-chs/convoviz) and single conversations that people have published, for the tree, hidden
  messages, `thoughts`, `reasoning_recap`, `end_turn` and `finish_details`. The content types that
  voice mode, images and old plugins leave are from descriptions alone.
- Claude: published descriptions and conversations, for `content` blocks, attachments and the
  parent `00000000-0000-4000-8000-000000000000` of a first message. What `stop_reason` can hold is
  a guess; most exports seem to have none.
"""
