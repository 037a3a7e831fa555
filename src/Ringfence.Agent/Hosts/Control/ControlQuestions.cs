using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Hosts.Control;

/// <summary>What this program asks of the one that drives it. No answer is a no.</summary>
internal sealed class ControlQuestions(ControlChannel channel)
{
    public async Task<PermissionAnswer?> AskAsync(PermissionQuestion question, AgentSession session, bool mayBypass, CancellationToken cancellationToken)
    {
        var request = new JsonObject
        {
            ["subtype"] = "can_use_tool",
            ["tool_name"] = question.Tool.Name,
            ["display_name"] = question.Tool.Name,
            ["input"] = question.Call.Input.DeepClone(),
            ["permission_suggestions"] = PermissionUpdate.Suggestions(question.Tool.Name, question.Subject, session.Workplace),
            ["decision_reason"] = question.Reason,
            ["tool_use_id"] = question.Call.Id,
        };

        if (question.Subject.Kind is ToolKind.Read or ToolKind.Edit)
        {
            request["blocked_path"] = question.Subject.Target;
        }

        try
        {
            var answer = await channel.AskAsync(request, cancellationToken);

            return answer.Text("behavior") == "allow"
                ? new PermissionAnswer.Granted(
                    (JsonObject?)answer.Object("updatedInput")?.DeepClone(),
                    answer.Array("updatedPermissions") is { } updates ? p => PermissionUpdate.Apply(p, session.Workplace, updates, mayBypass) : null)
                : new PermissionAnswer.Refused(answer.Text("message") ?? "Permission denied.", answer.Flag("interrupt") ?? false);
        }
        catch (ControlException e)
        {
            return new PermissionAnswer.Refused($"Tool permission request failed: {e.Message}");
        }
    }

    public async Task<JsonObject?> ElicitAsync(string server, JsonObject question, CancellationToken cancellationToken)
    {
        var request = new JsonObject { ["subtype"] = "elicitation", ["mcp_server_name"] = server };

        foreach (var (name, theirs) in ((string, string)[])[("message", "message"), ("mode", "mode"), ("url", "url"), ("elicitationId", "elicitation_id"), ("requestedSchema", "requested_schema")])
        {
            if (question[name] is { } value)
            {
                request[theirs] = value.DeepClone();
            }
        }

        try
        {
            return await channel.AskAsync(request, cancellationToken);
        }
        catch (ControlException)
        {
            return null;
        }
    }
}
