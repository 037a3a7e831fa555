using Ringfence.Agents;

namespace Ringfence.App.Views;

/// <summary>An agent as scripts see it. Add, never rename.</summary>
/// <param name="Wire">Null when any will do.</param>
/// <param name="Version">What would run, in Ringfence's folder or else on the search path; null when it does not say. The built-in agent has the version of Ringfence.</param>
/// <param name="TestedVersion">What <c>ringfence agents install</c> fetches.</param>
/// <param name="Missing">What keeps it from being started; null when nothing does.</param>
internal sealed record AgentView(
    string Name, string Title, string? Wire, bool Ready, string? Version, string? TestedVersion, string? Path, string? Package, string? Missing, string? Hint)
{
    public static async Task<AgentView> OfAsync(string name, AgentCatalog catalog, AgentPackages packages, string builtIn, CancellationToken cancellationToken)
    {
        if (!catalog.Find(name).Succeeded(out var agent, out var why))
        {
            return new AgentView(name, name, null, false, null, null, null, null, why[0].Message, why[0].Hint);
        }

        var wire = agent.Wire.Length > 0 ? agent.Wire : null;

        if (agent.Package is not { } package)
        {
            var check = packages.Check(agent);
            return new AgentView(
                name, agent.Title, wire, !check.IsFailure, name == "ringfence-agent" ? typeof(AgentView).Assembly.GetName().Version!.ToString(3) : null, null,
                name == "ringfence-agent" ? builtIn : agent.Command[0], null,
                check.Failures is [var wrong, ..] ? wrong.Message : null, check.Failures is [var its, ..] ? its.Hint : null);
        }

        var installed = packages.Installed(agent);
        var program = await packages.FindAsync(agent, cancellationToken);
        return new AgentView(
            name, agent.Title, wire, !program.IsFailure, program.Succeeded(out var found) ? found is { Version.Length: > 0 } ? found.Version : null : installed?.Record.Version, package.Version, installed?.Executable, package.Name,
            program.Failures is [var failure, ..] ? failure.Message : null, program.Failures is [var first, ..] ? first.Hint : null);
    }
}
