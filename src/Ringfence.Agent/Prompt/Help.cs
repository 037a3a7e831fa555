namespace Ringfence.Agent.Prompt;

internal static class Help
{
    public const string Text =
        """
        Usage: ringfence-agent [options] [prompt]

        A coding agent. Without -p it starts a conversation in this terminal; with -p it does what the prompt says and exits.

          -p, --print                      do one prompt and exit (for scripts and pipes)
          --output-format FORMAT           text, json or stream-json (with --verbose)
          --input-format FORMAT            text or stream-json
          --include-partial-messages       stream-json: every event of the model's stream
          --model MODEL                    the model to use
          --provider PROVIDER              anthropic, openai-responses, openai-chat or gemini
          --max-turns N                    stop after N answers of the model
          --max-budget-usd DOLLARS         never start a call that could cost more than is left
          --permission-mode MODE           default, acceptEdits, plan, dontAsk or bypassPermissions
          --allowedTools RULES             such as "Bash(git *) Edit"
          --disallowedTools RULES          what is never allowed
          --tools NAMES                    the only tools there are
          --append-system-prompt TEXT      added to the system prompt
          --system-prompt TEXT             in its place
          --add-dir DIRECTORIES            more directories to work in
          --settings FILE|JSON             settings above the user's and the project's
          --mcp-config FILES|JSON          MCP servers
          --agents JSON                    sub-agents
          --json-schema SCHEMA             the answer must match
          -c, --continue                   go on with the last conversation here
          -r, --resume ID                  go on with that one
          --fork-session                   … as a new conversation
          --session-id UUID                the new conversation's name
          --no-session-persistence         keep nothing
          --no-sandbox                     run commands with all your rights (started as `ringfence`, they run in a sandbox)
          --acp                            speak the Agent Client Protocol on stdin and stdout
          -v, --version; -h, --help

        Exit codes: 0 done (or interrupted), 1 failed, out of turns or budget, or bad input; 143 terminated.

        """;
}
