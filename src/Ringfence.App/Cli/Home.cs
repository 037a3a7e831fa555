using System.CommandLine;
using Ringfence.App.Views;
using Ringfence.Approvals;
using Ringfence.Runs;
using Ringfence.Sandboxes;
using Ringfence.Storage;
using Ringfence.Workflows;
using Ringfence.Workspaces;

namespace Ringfence.App.Cli;

/// <summary>What commands need of this installation: the home folder, the store in it, and where our own parts are.</summary>
internal sealed class Home : IAsyncDisposable
{
    /// <summary>On every command: which store.</summary>
    public static readonly Option<string?> DatabaseOption = new("--database")
    {
        Description = "PostgreSQL store, postgres://user@host/name. Default: SQLite in $RINGFENCE_HOME (~/.local/share/ringfence).",
        Recursive = true,
        HelpName = "URL",
    };

    private Home(string folder, Database database)
    {
        Folder = folder;
        Database = database;
        Runs = new RunStore(database, TimeProvider.System);
        Approvals = new ApprovalDesk(database, Runs, TimeProvider.System);
        Workspaces = new WorkspaceStore(folder, TimeProvider.System, new OverlayTrial(new SandboxLauncher(Toolchain.Native, Path.Combine(folder, "scratch"), TimeProvider.System), TimeProvider.System));
        Workflows = new RepositoryWorkflows(folder, TimeProvider.System);
        Events = new EventTail(database);
        Supervisor = new RunSupervisor(database, Runs, TimeProvider.System);
        Recovery = new RunRecovery(database, Runs, Approvals, Workspaces, TimeProvider.System);
    }

    public string Folder { get; }

    public ApprovalDesk Approvals { get; }

    public Database Database { get; }

    public RunStore Runs { get; }

    public WorkspaceStore Workspaces { get; }

    public RepositoryWorkflows Workflows { get; }

    public EventTail Events { get; }

    public RunSupervisor Supervisor { get; }

    public RunRecovery Recovery { get; }

    public static Toolchain Toolchain { get; } = Toolchain.Beside(AppContext.BaseDirectory);

    public static string DefaultFolder =>
        Environment.GetEnvironmentVariable("RINGFENCE_HOME") is { Length: > 0 } home
            ? Path.GetFullPath(home)
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "ringfence");

    /// <summary>The person at the keyboard, as the operating system knows them.</summary>
    public static string User => $"{Environment.UserName}@{Environment.MachineName}";

    /// <summary>Opens the store. Runs that a crash left behind are ended and salvaged first, so that whoever looks sees how things are.</summary>
    public static async Task<Result<Home>> OpenAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        var folder = DefaultFolder;

        if (!(await Database.OpenAsync(parsed.GetValue(DatabaseOption), folder, TimeProvider.System, cancellationToken)).Succeeded(out var database, out var why))
        {
            return Result.Fail<Home>(why);
        }

        var home = new Home(folder, database);

        foreach (var run in await home.Recovery.RecoverAsync(cancellationToken))
        {
            terminal.Error.WriteLine($"Run {run.Id} had been interrupted; what it changed was kept. See: ringfence show {run.Id}");
        }

        return home;
    }

    public ValueTask DisposeAsync() => Database.DisposeAsync();
}
