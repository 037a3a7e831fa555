using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Hooks;

namespace Ringfence.Agent.Hosts.Control;

/// <summary>A function of the program that drives us, asked by its number.</summary>
internal sealed class CallbackHook(string eventName, string? matcher, string callbackId, TimeSpan limit, bool blocksOnFailure, TimeProvider time, ControlChannel channel) : Hook(eventName, matcher)
{
    public override string Shown => callbackId;

    public override async Task<HookAnswer> RunAsync(JsonObject input, string? toolUseId, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);

        try
        {
            var answer = await channel.AskAsync(
                new JsonObject { ["subtype"] = "hook_callback", ["callback_id"] = callbackId, ["input"] = input, ["tool_use_id"] = toolUseId }, either.Token);

            return new HookAnswer("", answer, null, 0);
        }
        catch (ControlException e)
        {
            return Failed(e.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed($"gave no answer within {limit.TotalSeconds:0.#} s");
        }
    }

    private HookAnswer Failed(string why) => new("", null, blocksOnFailure ? $"The hook failed: {why}" : null, 1, why);
}
