using Ringfence.Agents;

namespace Ringfence.App.Views;

/// <summary>An agent as scripts see it. Add, never rename.</summary>
/// <param name="Wire">Null when any will do.</param>
/// <param name="Version">What would run, in Ringfence's folder or else on the search path; null when it does not say. The built-in agent has the version of Ringfence.</param>
/// <param name="TestedVersion">What <c>ringfence agents install</c> fetches.</param>
/// <param name="TestedRange">The oldest and the newest version that passed <c>ringfence agents test</c>.</param>
/// <param name="Untested">What to know of a version outside of it.</param>
/// <param name="Missing">What keeps it from being started; null when nothing does.</param>
internal sealed record AgentView(
    string Name, string Title, string? Wire, bool Ready, string? Version, string? TestedVersion, string? Path, string? Package, string? Missing, string? Hint,
    IReadOnlyList<string>? TestedRange = null, string? Untested = null)
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
        var version = program.Succeeded(out var found) ? found?.Version : installed?.Record.Version;
        var failure = program.Failures.Count > 0 ? program.Failures[0] : null;
        return new AgentView(
            name, agent.Title, wire, !program.IsFailure, version is { Length: > 0 } ? version : null, package.Version, installed?.Executable, package.Name, failure?.Message, failure?.Hint,
            [package.Tested.Oldest, package.Tested.Newest], failure is null ? AgentPackages.Untested(agent, version) : null);
    }
}
