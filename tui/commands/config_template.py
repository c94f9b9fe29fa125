"""The settings file that `rill config init` writes: every key is explained, none of them is set.

A line that begins with `# ` is for people; one with `#` and no space is a setting to uncomment.
"""

from __future__ import annotations

TEMPLATE = """\
# Rill's settings. A line like  #theme = "rill-light"  becomes one when its # is taken away.
# What counts more than this file: flags (rill --help), then the environment (OPENAI_BASE_URL, …).
# rill config check looks whether all is right, rill config show says what counts and why.

# What new conversations talk to: provider/model. rill models lists what your providers have.
#model = "anthropic/claude-sonnet-4-5"

# rill-dark or rill-light.
#theme = "rill-dark"

# The system prompt of new conversations.
#system = "Be brief."

# Give a reply up after so many seconds of silence.
#idle_timeout = 300

# How replies are asked for. What is not set here is not sent: the server decides.
# All of these can also stand in a provider's table, and in that of a single model.
# The most tokens of a reply. Where an API insists on a limit and nobody sets one, Rill sends what
# the model can give if that is known, else 8192.
#max_tokens = 8192
# From 0 (always the likeliest word) to 2.
#temperature = 0.7
# Only the likeliest words that make up this share, and only so many of them.
#top_p = 0.9
#top_k = 40
# The same number again makes the same reply likelier.
#seed = 1
# A reply ends before one of these.
#stop = ["END"]
# How much to think: none, minimal, low, medium, high, xhigh, max; each model knows some of them.
#effort = "medium"
# The same in tokens, for models that want a number.
#thinking_budget = 4096

# Providers
#
# These are known without a table, as soon as their key is in the environment:
#   anthropic   ANTHROPIC_API_KEY     openai      OPENAI_API_KEY    gemini  GEMINI_API_KEY
#   openrouter  OPENROUTER_API_KEY    deepseek    DEEPSEEK_API_KEY  groq    GROQ_API_KEY
#   mistral     MISTRAL_API_KEY
# and on this machine, without a key: ollama, llamacpp (port 8080), lmstudio (1234), vllm (8000).
# demo is built in. A table of the same name changes one of them, any other name makes a new one.

#[providers.work]
# What it speaks: anthropic, openai-chat, openai-responses, ollama, gemini (or demo).
#api = "openai-chat"
# Where it is, with the path that its API begins at; without this, the vendor.
#base_url = "https://llm.example.com/v1"
# Its key: the environment variable that holds it …
#api_key_env = "WORK_LLM_KEY"
# … or a program that prints it (run without a shell; its first line counts) …
#api_key_command = ["pass", "show", "work/llm"]
# … or the key itself. Then nobody else should be able to read this file.
#api_key = "the-key"
# A key goes unencrypted to another machine only if you say so.
#allow_http = false
# The header that takes the key, where it is not the one that the API has for it.
#key_header = "api-key"
# Headers and query parameters to send along; they are treated as secrets, too.
#headers = { "X-Title" = "rill" }
#query = { "api-version" = "2026-01-01" }
# What a chat completions server calls the limit: max_tokens or max_completion_tokens.
#max_tokens_field = "max_tokens"
# Whether it is asked to count the tokens of a stream; some old servers refuse that.
#stream_usage = true
# The version of the Messages API to ask for.
#api_version = "2023-06-01"
# How long Ollama keeps a model loaded: seconds, or a duration; -1 is for ever.
#keep_alive = "10m"
# A system prompt and parameters for all of its models.
#system = "Be brief, and polite."
#temperature = 0.2

# One of its models. Its name stands in quotes.
#[providers.work.models."org/big-model"]
# What the server does not tell about it, in tokens: all that it can read, all that it can write.
# Ollama makes as much room as context says, and else what it thinks fits, often much less.
#context = 131072
#output = 16384
#system = "Be precise."
#max_tokens = 4096

# Keys: the names are those of the help (f1), several keys stand between commas.
#[keys]
#new_conversation = "ctrl+n"
#open_conversation = "ctrl+o"
"""
