using System.Text.Json.Nodes;
using Ringfence.AgentSdk;

namespace AgentSdk.Samples;

/// <summary>
/// Who decides: a hook sees every call and forbids what must never be, the callback answers for the rest. It may change a call before it runs.
/// </summary>
internal static class Permissions
{
    public static async Task RunAsync(AgentOptions agent, CancellationToken cancellationToken)
    {
        var options = agent with { CanUseTool = Decide, Hooks = [new AgentHook("PreToolUse", "Write|Edit", KeepSecretsAlone)] };

        await foreach (var message in CodingAgent.QueryAsync("Clean this directory up", options, cancellationToken))
        {
            if (message is AgentMessage.Result result)
            {
                Console.WriteLine(result.Text);
            }
        }
    }

    private static Task<PermissionDecision> Decide(PermissionRequest request, CancellationToken cancellationToken)
    {
        if (request.Tool == "Bash" && (string?)request.Input["command"] is { } command && command.StartsWith("rm ", StringComparison.Ordinal))
        {
            // The model is told what ran: it sees the output of this command instead.
            var input = request.Input.DeepClone().AsObject();
            input["command"] = "echo would run: " + command;
            return Task.FromResult<PermissionDecision>(new PermissionDecision.Allow(input));
        }

        return Task.FromResult<PermissionDecision>(
            request.Tool is "Write" or "Edit" ? new PermissionDecision.Allow() : new PermissionDecision.Deny($"{request.Tool} is not wanted here."));
    }

    private static Task<JsonObject?> KeepSecretsAlone(JsonObject happened, CancellationToken cancellationToken)
    {
        var path = (string?)happened["tool_input"]?["file_path"] ?? "";
        return Task.FromResult(Path.GetFileName(path) == ".env" ? AgentHook.Deny("Secrets are not for agents.") : null);
    }
}
