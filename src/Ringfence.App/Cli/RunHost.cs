using Ringfence.Agents;
using Ringfence.Egress;
using Ringfence.Gateway;
using Ringfence.Outputs;
using Ringfence.Review;
using Ringfence.Runs;
using Ringfence.Sandboxes;
using Ringfence.Setups;
using Ringfence.Verification;
using Ringfence.Workflows;

namespace Ringfence.App.Cli;

/// <summary>The parts that execute runs, wired: one gateway for all of them, a pipeline for each.</summary>
internal sealed class RunHost : IAsyncDisposable
{
    private readonly Home home;
    private readonly ModelGateway gateway;
    private readonly SandboxLauncher sandboxes;
    private readonly AgentCatalog agents;
    private readonly AgentPackages packages;

    private RunHost(Home home, ModelGateway gateway)
    {
        this.home = home;
        this.gateway = gateway;
        sandboxes = new SandboxLauncher(Home.Toolchain.Native, Path.Combine(home.Folder, "scratch"), TimeProvider.System);
        sandboxes.Sweep();
        agents = new AgentCatalog(home.Folder);
        packages = new AgentPackages(home.Folder, TimeProvider.System);
    }

    public static async Task<Result<RunHost>> StartAsync(Home home, IReadOnlyList<Upstream> upstreams, CancellationToken cancellationToken) =>
        !GatewaySetup.In(home, new GatewayOptions { Upstreams = upstreams }).Succeeded(out var options, out var why) ? Result.Fail<RunHost>(why)
            : (await ModelGateway.StartAsync(options, TimeProvider.System, cancellationToken)).Succeeded(out var gateway, out why) ? new RunHost(home, gateway)
            : Result.Fail<RunHost>(why);

    /// <summary>Makes everything ready that a request names: agent, network policy, secrets. Fails with all that is not there.</summary>
    /// <param name="patchFolder">Where a patch file goes.</param>
    /// <param name="note">Told what the user should know of the agent's version.</param>
    public async Task<Result<RunPipeline>> PrepareAsync(RunRequest request, string patchFolder, CancellationToken cancellationToken, Action<string>? note = null)
    {
        var agent = agents.Find(request.Agent);
        var egress = await EgressPlan.PrepareAsync(request.Network, UserSide.Current(), TimeProvider.System, cancellationToken);

        var setup = request.Setup is null ? null
            : (Result<EgressPlan>?)await EgressPlan.PrepareAsync(request.Setup.Network, UserSide.Current(), TimeProvider.System, cancellationToken);

        var program = agent.Succeeded(out var description) ? await packages.FindAsync(description, cancellationToken) : (AgentProgram?)null;

        var codeHost = request.Output is not OutputKind.PullRequest ? null
            : PolicyFile.Of(home.Folder).Succeeded(out var policy, out var unread)
            ? (Result<CodeHostAccess>?)await CodeHostAccess.FindAsync(request.Repository, policy.CodeHosts, Environment.GetEnvironmentVariable, cancellationToken)
            : Result.Fail<CodeHostAccess>(unread);

        Failure[] failures = [.. codeHost?.Failures ?? [], .. agent.Failures, .. egress.Failures, .. setup?.Failures ?? [], .. program.Failures, .. description is null ? [] : ToolBounds.Unkept(request.Tools, description)];

        if (failures.Length > 0)
        {
            return Result.Fail<RunPipeline>(failures);
        }

        if (AgentPackages.Untested(agent.Value, program.Value?.Version) is { } untested)
        {
            note?.Invoke(untested);
        }

        return new RunPipeline(
            home.Workspaces, gateway, new CassetteFolder(home.Folder), egress.Value,
            setup is { } plan ? new SetupStage(new SetupLayers(home.Folder, TimeProvider.System), plan.Value, Home.Toolchain, sandboxes, TimeProvider.System) : null,
            new AgentStage(agent.Value with { RepositoryConfiguration = agents.ConfigurationFor(agent.Value) }, home.Workspaces, program.Value, egress.Value, Home.Toolchain, sandboxes, gateway, TimeProvider.System),
            new Verifier(egress.Value, Home.Toolchain, sandboxes, TimeProvider.System),
            new Reviewer(new WaiverStore(home.Database, TimeProvider.System), TimeProvider.System),
            home.Approvals,
            new Publisher(patchFolder, codeHost?.Value, TimeProvider.System));
    }

    public ValueTask DisposeAsync() => gateway.DisposeAsync();
}
