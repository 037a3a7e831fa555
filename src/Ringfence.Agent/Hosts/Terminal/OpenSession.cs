using Ringfence.Agent.Iteration;
using Ringfence.Agent.Prompt;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>The conversation that is being held, and how another takes its place.</summary>
internal sealed class OpenSession(AgentOptions options, IAgentHost host, TerminalView view, TimeProvider time, Func<string, string?> environment)
{
    public AgentSession Current { get; private set; } = null!;

    public string UserDirectory => SessionFactory.UserDirectory(environment);

    /// <summary>As the command line says. Null when it is open, else all that is wrong.</summary>
    public Task<IReadOnlyList<Failure>?> OpenAsync(CancellationToken cancellationToken) => OpenAsync(options, cancellationToken);

    /// <param name="earlier">The one to go on with; null begins anew.</param>
    public async Task<IReadOnlyList<Failure>?> ChangeAsync(string? earlier)
    {
        var before = Current;
        var failures = await OpenAsync(options with { Resume = earlier, Continue = false, SessionId = null, ForkSession = false, Prompt = null }, CancellationToken.None);

        if (failures is null)
        {
            await before.CloseAsync("clear");
        }

        return failures;
    }

    private async Task<IReadOnlyList<Failure>?> OpenAsync(AgentOptions with, CancellationToken cancellationToken)
    {
        var (plan, wrong) = SessionFactory.Plan(with, time, environment);

        if (plan is null)
        {
            return wrong;
        }

        var (opened, failures) = SessionFactory.Create(with, plan, host, time, environment);

        if (opened is null)
        {
            return failures;
        }

        Current = opened;
        view.Show(opened);
        await opened.StartAsync(plan.Restored is null ? "startup" : "resume", cancellationToken);
        return null;
    }
}
