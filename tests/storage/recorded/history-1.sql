PRAGMA application_id = 1382632556;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE conversation (
    id          TEXT PRIMARY KEY NOT NULL,
    title       TEXT NOT NULL,
    folded      TEXT NOT NULL,
    given_title TEXT NOT NULL,
    system      TEXT NOT NULL,
    head        TEXT,
    draft       TEXT NOT NULL,
    draft_by    TEXT,
    waiting     TEXT NOT NULL,
    pinned      INTEGER NOT NULL,
    created_at  REAL NOT NULL,
    updated_at  REAL NOT NULL,
    model       TEXT NOT NULL,
    ending      TEXT,
    messages    INTEGER NOT NULL,
    origin      TEXT UNIQUE,
    deletion    INTEGER REFERENCES deletion (id),
    change      INTEGER NOT NULL
);
INSERT INTO "conversation" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','Of rills','of rills','Of rills','Be brief.','cae7cbdc87744ed99247d3f39aa9191b','merci, et','a run that is dead','["a prompt that waits"]',1,1.79546653611928892137e+09,1.7954665362110304832e+09,'model-1','{"outcome":"complete","stop_reason":"end_turn"}',7,NULL,NULL,27);
INSERT INTO "conversation" VALUES('bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','To be deleted','to be deleted','','','1f42307480104737a57fae8c20979f05','','68a33c3b222343c883a173215d9f6599','[]',0,1.79546653622687435152e+09,1.7954665362390620708e+09,'model-1','{"outcome":"complete","stop_reason":"end_turn"}',2,NULL,2,33);
INSERT INTO "conversation" VALUES('cccccccccccccccccccccccccccccccc','Tell me a story.','tell me a story.','','','e84f565d27604b14bd66dfc0f01af393','','68a33c3b222343c883a173215d9f6599','[]',0,1.79546653624592471125e+09,1.79546653624663209917e+09,'',NULL,1,NULL,NULL,36);
CREATE TABLE counter (change INTEGER NOT NULL);
INSERT INTO "counter" VALUES(36);
CREATE TABLE deletion (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           REAL NOT NULL,
    by           TEXT NOT NULL,
    conversation TEXT NOT NULL,
    message      TEXT,
    head         TEXT
);
INSERT INTO "deletion" VALUES(1,4000000000.0,'a run that is dead','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','b470062073764256ad8a8eab56b3a292','b2dac383ade54fa2a4cbbff67bf426f5');
INSERT INTO "deletion" VALUES(2,4000000000.0,'a run that is dead','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',NULL,NULL);
CREATE TABLE journal (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    message TEXT NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    events  TEXT NOT NULL
);
INSERT INTO "journal" VALUES(7,'899b28f8d68d47d5bd4ca800477c04ed','[{"kind":"accepted","request_id":"req_1"},{"kind":"started","id":"msg_1","model":"model-1-served"},{"kind":"text","text":"Once upon "}]');
INSERT INTO "journal" VALUES(8,'899b28f8d68d47d5bd4ca800477c04ed','[{"kind":"text","text":"a time there was a ri"}]');
CREATE TABLE message (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    conversation TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    parent       TEXT REFERENCES message (id) ON DELETE CASCADE,
    role         TEXT NOT NULL,
    created_at   REAL NOT NULL,
    text         TEXT NOT NULL,
    parts        TEXT,
    reply        TEXT,
    writer       TEXT,
    deletion     INTEGER REFERENCES deletion (id),
    change       INTEGER NOT NULL
);
INSERT INTO "message" VALUES(1,'ff9c984272de4783bfab7f0ff7f28aaa','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',NULL,'user',1.79546653611913824082e+09,'What is a rill?',NULL,NULL,NULL,NULL,2);
INSERT INTO "message" VALUES(2,'6554369901404a39b3679fa1a90fa43a','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','ff9c984272de4783bfab7f0ff7f28aaa','assistant',1.79546653612009310722e+09,'A small brook.',NULL,'{"provider":"anthropic","model":"model-1","ending":{"outcome":"complete","stop_reason":"end_turn"},"timing":{"first_token":6.145700172055513e-05,"total":7.964499673107639e-05}}',NULL,NULL,5);
INSERT INTO "message" VALUES(3,'6d243c83f9b648a18d6f5c0c05b9f5d6','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','6554369901404a39b3679fa1a90fa43a','user',1.7954665361202392578e+09,'And in Japanese?',NULL,NULL,NULL,NULL,7);
INSERT INTO "message" VALUES(4,'a8ae2db518d44007ae7d2b6dc4700143','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','6d243c83f9b648a18d6f5c0c05b9f5d6','assistant',1.79546653612038517003e+09,'小川（おがわ）です。',NULL,'{"provider":"anthropic","model":"model-1","ending":{"outcome":"complete","stop_reason":"end_turn"},"timing":{"first_token":1.1559997801668942e-05,"total":2.015000063693151e-05}}',NULL,NULL,10);
INSERT INTO "message" VALUES(5,'93451f40972d4cc0b72fa266850fd963','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','6d243c83f9b648a18d6f5c0c05b9f5d6','assistant',1.79546653612044239045e+09,'「せせらぎ」とも言います。',NULL,'{"provider":"anthropic","model":"model-1","ending":{"outcome":"complete","stop_reason":"end_turn"},"timing":{"first_token":8.825001714285463e-06,"total":1.737500133458525e-05}}',NULL,NULL,13);
INSERT INTO "message" VALUES(6,'68603a976c854d92bb2f15cc975abac7','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','6554369901404a39b3679fa1a90fa43a','user',1.79546653612048864368e+09,'And in French?',NULL,NULL,NULL,NULL,15);
INSERT INTO "message" VALUES(7,'cae7cbdc87744ed99247d3f39aa9191b','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','68603a976c854d92bb2f15cc975abac7','assistant',1.79546653612051463127e+09,'Un ruisseau.','[{"kind":"thinking","text":"Ruisseau, I think.","signature":"signed"},{"kind":"text","text":"Un ruisseau."},{"kind":"tool_use","id":"t1","name":"look_up","input":{"word":"ruisseau"}}]','{"provider":"anthropic","model":"model-1","ending":{"outcome":"complete","stop_reason":"tool_use"},"usage":{"input_tokens":10,"output_tokens":20},"timing":{"first_token":8.014998456928879e-06,"total":3.588000254239887e-05}}',NULL,NULL,18);
INSERT INTO "message" VALUES(8,'b470062073764256ad8a8eab56b3a292','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','6554369901404a39b3679fa1a90fa43a','user',1.79546653612059092528e+09,'And in Elvish?',NULL,NULL,NULL,1,24);
INSERT INTO "message" VALUES(9,'b2dac383ade54fa2a4cbbff67bf426f5','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','b470062073764256ad8a8eab56b3a292','assistant',1.79546653612060904499e+09,'Celeb… I do not know.',NULL,'{"provider":"anthropic","model":"model-1","ending":{"outcome":"complete","stop_reason":"end_turn"},"timing":{"first_token":9.948998922482133e-06,"total":1.743100438034162e-05}}',NULL,1,24);
INSERT INTO "message" VALUES(10,'cb01927896e34daaa59e87f371e064ff','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',NULL,'user',1.7954665361206836701e+09,'To be deleted',NULL,NULL,NULL,NULL,29);
INSERT INTO "message" VALUES(11,'1f42307480104737a57fae8c20979f05','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','cb01927896e34daaa59e87f371e064ff','assistant',1.79546653612069797515e+09,'Very well.',NULL,'{"provider":"anthropic","model":"model-1","ending":{"outcome":"complete","stop_reason":"end_turn"},"timing":{"first_token":8.948998583946377e-06,"total":1.4587996702175587e-05}}',NULL,NULL,32);
INSERT INTO "message" VALUES(12,'e84f565d27604b14bd66dfc0f01af393','cccccccccccccccccccccccccccccccc',NULL,'user',1.79546653612074589732e+09,'Tell me a story.',NULL,NULL,NULL,NULL,35);
INSERT INTO "message" VALUES(13,'899b28f8d68d47d5bd4ca800477c04ed','cccccccccccccccccccccccccccccccc','e84f565d27604b14bd66dfc0f01af393','assistant',1.79546653612076115603e+09,'','[]','{"provider":"anthropic","model":"model-1"}','a run that is dead',NULL,36);
CREATE TABLE unsent (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           REAL NOT NULL,
    text         TEXT NOT NULL,
    conversation TEXT REFERENCES conversation (id) ON DELETE CASCADE
);
INSERT INTO "unsent" VALUES(1,1.79546653625147175793e+09,'never sent',NULL);
CREATE INDEX conversation_listed ON conversation (pinned DESC, updated_at DESC)
    WHERE deletion IS NULL;
CREATE INDEX conversation_newest ON conversation (updated_at) WHERE deletion IS NULL;
CREATE INDEX conversation_drafted ON conversation (updated_at) WHERE messages = 0 AND draft <> '';
CREATE INDEX conversation_deleted ON conversation (deletion) WHERE deletion IS NOT NULL;
CREATE INDEX message_of ON message (conversation, seq, deletion, writer);
CREATE INDEX message_after ON message (parent, conversation);
CREATE INDEX message_changed ON message (conversation, change);
CREATE INDEX message_running ON message (conversation) WHERE writer IS NOT NULL;
CREATE INDEX message_prompts ON message (seq) WHERE role = 'user';
CREATE INDEX message_deleted ON message (deletion) WHERE deletion IS NOT NULL;
CREATE INDEX journal_of ON journal (message, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('message',13);
INSERT INTO "sqlite_sequence" VALUES('journal',8);
INSERT INTO "sqlite_sequence" VALUES('deletion',2);
INSERT INTO "sqlite_sequence" VALUES('unsent',1);
COMMIT;
