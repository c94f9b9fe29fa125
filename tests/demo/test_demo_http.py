"""HTTP as clients really speak it, and the endpoints besides streaming."""

import json

import pytest
from demo_client import message


async def test_requests_share_a_connection_and_may_be_pipelined(raw):
    client = await raw()
    request = b"GET /v1/models HTTP/1.1\r\nhost: demo\r\n\r\n"
    last = b"GET /nowhere HTTP/1.1\r\nhost: demo\r\nconnection: close\r\n\r\n"
    client.writer.write(request + request + last)
    answers = await client.reader.read()
    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert answers.count(b"HTTP/1.1 404 Not Found") == 1
    assert answers.index(b"404") > answers.rindex(b"200 OK")


async def test_a_request_may_come_byte_by_byte(raw):
    client = await raw()
    body = json.dumps(message("unknown", stream=False)).encode()
    head = f"POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: {len(body)}\r\n\r\n"
    for byte in head.encode() + body:
        client.writer.write(bytes([byte]))
        await client.writer.drain()
    assert await client.reader.readline() == b"HTTP/1.1 200 OK\r\n"


async def test_a_client_that_expects_it_is_told_to_go_on(raw):
    client = await raw()
    client.writer.write(
        b"POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n"
        b"expect: 100-continue\r\n\r\n"
    )
    assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.writer.write(b"{}")
    assert await client.reader.readline() == b"HTTP/1.1 400 Bad Request\r\n"


async def test_http_1_0_gets_an_unchunked_stream_that_ends_with_the_connection(raw):
    client = await raw()
    body = json.dumps(message("unknown")).encode()
    head = b"POST /v1/messages HTTP/1.0\r\ncontent-length: %d\r\n\r\n" % len(body)
    client.writer.write(head + body)
    answer = await client.reader.read()
    assert b"chunked" not in answer
    assert answer.endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')


async def test_what_is_not_http_is_refused_and_the_connection_closed(raw):
    client = await raw()
    client.writer.write(b"\x16\x03\x01 this is TLS or nonsense\r\n\r\n")
    answer = await client.reader.read()
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")


async def test_a_body_beyond_32_mb_is_too_large(client):
    response = await client.post("/v1/messages", content=b" " * (32 * 1024 * 1024 + 1))
    assert response.status_code == 413
    assert response.json()["error"]["type"] == "request_too_large"


async def test_a_body_of_32_mb_is_read(client):
    response = await client.post("/v1/messages", content=b" " * (32 * 1024 * 1024))
    assert response.status_code == 400


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_an_unknown_path_is_not_found(client, method):
    response = await client.request(method, "/v2/nothing")
    assert response.status_code == 404
    assert response.headers["request-id"]
    if method == "HEAD":
        assert response.content == b""
    else:
        assert response.json()["error"]["type"] == "not_found_error"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/messages", "POST"),
        ("PUT", "/v1/messages", "POST"),
        ("GET", "/v1/messages/count_tokens", "POST"),
        ("DELETE", "/v1/models", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_told_the_right_one(client, method, path, allowed):
    response = await client.request(method, path)
    assert response.status_code == 405
    assert response.headers["allow"] == allowed
    assert response.json()["type"] == "error"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_json_object_is_a_bad_request(client, body):
    response = await client.post("/v1/messages", content=body)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert "JSON" in response.json()["error"]["message"]


@pytest.mark.parametrize("field", ["model", "max_tokens", "messages"])
async def test_a_missing_field_is_named(client, field):
    body = message()
    del body[field]
    response = await client.post("/v1/messages", json=body)
    assert response.status_code == 400
    assert response.json()["error"]["message"] == f"{field}: Field required"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"model": 7}, "model"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": ["hi"]}, "messages.0"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"messages": [{"role": "robot", "content": "hi"}]}, "messages.0.role"),
        ({"messages": [{"role": "assistant", "content": "hi"}]}, "messages"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages.0"),
        ({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}, "messages.0.content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]},
            "messages.0.content",
        ),
        ({"stop_sequences": [" "]}, "stop_sequences"),
    ],
)
async def test_a_field_that_cannot_be_meant_is_named(ask, fields, named):
    response = await ask(**fields)
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith(f"{named}: ")


async def test_any_key_and_any_unknown_field_is_accepted(client):
    response = await client.post(
        "/v1/messages?beta=true",
        json=message(metadata={"user_id": "me"}, thinking={"type": "adaptive"}),
        headers={"x-api-key": "nonsense", "authorization": "Bearer more", "anthropic-beta": "x"},
    )
    assert response.status_code == 200


async def test_models_are_listed_page_by_page(client):
    first = (await client.get("/v1/models", params={"limit": 1})).json()
    assert first["has_more"] is True
    rest = (await client.get("/v1/models", params={"after_id": first["last_id"]})).json()
    assert rest["has_more"] is False
    models = first["data"] + rest["data"]
    assert [m["id"] for m in models] == ["rill-demo", "rill-demo-fast"]
    assert all(m["type"] == "model" and m["max_tokens"] for m in models)


async def test_one_model_can_be_looked_up(client):
    assert (await client.get("/v1/models/rill-demo")).json()["display_name"] == "Rill demo"
    assert (await client.get("/v1/models/gpt")).status_code == 404


async def test_tokens_are_counted_without_a_limit_in_the_request(client):
    body = message("x" * 400)
    del body["max_tokens"]
    response = await client.post("/v1/messages/count_tokens", json=body)
    assert 100 <= response.json()["input_tokens"] <= 130
