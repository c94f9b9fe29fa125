"""The least that shows a reply: reads a prompt, prints the deltas as they come. Takes the URL."""

import json
import sys

import httpx
import httpx_sse


def main() -> None:
    with httpx.Client(timeout=None) as client:
        while prompt := input("> "):
            body = {
                "model": "x",
                "max_tokens": 8192,
                "stream": True,
                "messages": [{"role": "user", "content": prompt}],
            }
            url = f"{sys.argv[1]}/v1/messages"
            with httpx_sse.connect_sse(client, "POST", url, json=body) as source:
                for event in source.iter_sse():
                    if event.event == "content_block_delta":
                        print(json.loads(event.data)["delta"]["text"], end="", flush=True)
            print()


if __name__ == "__main__":
    main()
