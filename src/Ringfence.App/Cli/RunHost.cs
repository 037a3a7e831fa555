using Ringfence.Agents;
using Ringfence.Egress;
using Ringfence.Gateway;
using Ringfence.Outputs;
using Ringfence.Runs;
using Ringfence.Sandboxes;
using Ringfence.Verification;

namespace Ringfence.App.Cli;

/// <summary>The parts that execute runs, wired: one gateway for all of them, a pipeline for each.</summary>
internal sealed class RunHost : IAsyncDisposable
{
    private readonly Home home;
    private readonly ModelGateway gateway;
    private readonly SandboxLauncher sandboxes;
    private readonly AgentCatalog agents;

    private RunHost(Home home, ModelGateway gateway)
    {
        this.home = home;
        this.gateway = gateway;
        sandboxes = new SandboxLauncher(Home.Toolchain.Native, Path.Combine(home.Folder, "scratch"), TimeProvider.System);
        agents = new AgentCatalog(home.Folder);
    }

    public static async Task<Result<RunHost>> StartAsync(Home home, GatewayOptions options, CancellationToken cancellationToken) =>
        (await ModelGateway.StartAsync(options, TimeProvider.System, cancellationToken)).Succeeded(out var gateway, out var why)
            ? new RunHost(home, gateway)
            : Result.Fail<RunHost>(why);

    /// <summary>Fails with everything in the request that names what is not there.</summary>
    /// <param name="patchFolder">Where a patch file goes.</param>
    public Result<RunPipeline> PipelineFor(RunRequest request, string patchFolder)
    {
        var agent = agents.Find(request.Agent);
        var rules = EgressRules.Parse(request.Network);

        if (agent.IsFailure || rules.IsFailure)
        {
            return Result.Fail<RunPipeline>([.. agent.Failures, .. rules.Failures]);
        }

        return new RunPipeline(
            home.Workspaces, gateway,
            new AgentStage(agent.Value, rules.Value, Home.Toolchain, sandboxes, gateway, TimeProvider.System),
            new Verifier(rules.Value, Home.Toolchain, sandboxes, TimeProvider.System),
            new Publisher(patchFolder));
    }

    public ValueTask DisposeAsync() => gateway.DisposeAsync();
}
