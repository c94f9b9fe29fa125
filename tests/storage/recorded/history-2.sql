PRAGMA application_id = 1382632556;
PRAGMA user_version = 2;
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
CREATE VIRTUAL TABLE word USING fts5 (
    text, content = '', prefix = '1 2 3',
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co Cn'"
);
DELETE FROM "word_data";
INSERT INTO "word_data" VALUES(1,X'0C46');
INSERT INTO "word_data" VALUES(10,X'000000000101010001010101');
INSERT INTO "word_data" VALUES(137438953473,X'0000042E02302804020401012904020901012E02020505020402080303030702020401020601013F0102060202050302050202050101610102040102020A020402026E64030202030202020202010262650A02030204726F6F6B020204010563656C6562090202010764656C657465640A020402016F0902070106656C7669736808020401066672656E636806020401016909020602016E03020303020302020302017301020301086A6170616E65736503020401046B6E6F7709020901026D650C020301036E6F74090208010472696C6C0102050207756973736561750702030105736D616C6C0202030204746F72790C0205010474656C6C0C020202016F0A02020102756E0702020104766572790B0202010477656C6C0B020302036861740102020103E3808204020D01020F03018C05020203018D0502080202818405020C03018A04020503018B04020603018D05020603019904020C01020E03019B050403030301A604020A0301A80502090301BE05020D0202828205020A03018905020503018F040208030199040407060102070103E5B08F0402020202B79D0402030103E8A88005020B0002312804020401012904020901012E02020505020402080303030702020401020601013F01020602020503020502020501016101020401020201020203020202020204020401016202020408020301016309020201016409020701020401016508020401016606020401016901020302020303020302020301020601016A03020401016B09020901016D0C020301016E0902080101720102050602030101730202030A02050101740A02020202020101750702020101760B02020101770102020A02030103E3808204020D01020F03018C05020203018D0502080202818405020C03018A04020503018B04020603018D05020603019904020C01020E03019B050403030301A604020A0301A80502090301BE05020D0202828205020A03018905020503018F040208030199040407060102070103E5B08F0402020202B79D0402030103E8A88005020B000332616E030202030202020202010262650A020302017202020401026365090202010264650A020402016F0902070102656C080204010266720602040102696E03020303020302020302017301020301026A6103020401026B6E09020901026D650C020301026E6F090208010272690102050201750702030102736D0202030201740C0205010274650C020202016F0A02020102756E070202010276650B0202010277650B0203020168010202000433616E64030202030202020202010362726F020204010363656C090202010364656C0A02040103656C76080204010366726506020401036A617003020401036B6E6F09020901036E6F74090208010372696C010205020275690702030103736D610202030202746F0C0205010374656C0C020201037665720B0202010377656C0B020302026861010202040606150F0C0D07090A0C060B0B060C060D090708090C0A090906070909080B06060706060609070606060706060A0807080706150F15090609060612060606060909090606090B06060706060609070606060706060A0807080E070607070607070D0607070707070607060706070707060F080808080808080808070807080808');
INSERT INTO "word_docsize" VALUES(1,X'05');
INSERT INTO "word_docsize" VALUES(2,X'04');
INSERT INTO "word_docsize" VALUES(3,X'04');
INSERT INTO "word_docsize" VALUES(4,X'0C');
INSERT INTO "word_docsize" VALUES(5,X'0E');
INSERT INTO "word_docsize" VALUES(6,X'04');
INSERT INTO "word_docsize" VALUES(7,X'03');
INSERT INTO "word_docsize" VALUES(8,X'04');
INSERT INTO "word_docsize" VALUES(9,X'09');
INSERT INTO "word_docsize" VALUES(10,X'03');
INSERT INTO "word_docsize" VALUES(11,X'03');
INSERT INTO "word_docsize" VALUES(12,X'05');
INSERT INTO "word_idx" VALUES(1,X'',2);
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
