using System.CommandLine.Completions;
using Ringfence.Runs;
using Ringfence.Storage;
using Ringfence.Workflows;

namespace Ringfence.App.Cli;

/// <summary>What a shell may complete beyond the names of commands and options.</summary>
internal static class Suggested
{
    private const int MostRuns = 30;

    public static IEnumerable<CompletionItem> Workflows(CompletionContext context) => new WorkflowFolder(Environment.CurrentDirectory).Names.Select(name => new CompletionItem(name));

    public static IEnumerable<CompletionItem> Templates(CompletionContext context) => WorkflowTemplate.All.Select(template => new CompletionItem(template.Name));

    /// <summary>The newest runs of this machine. A store that is not there yet is not made for this.</summary>
    public static IEnumerable<CompletionItem> Runs(CompletionContext context) =>
        context.ParseResult.GetValue(Home.DatabaseOption) is null && Directory.Exists(Home.DefaultFolder)
            ? RunsAsync().GetAwaiter().GetResult() : [];

    private static async Task<IEnumerable<CompletionItem>> RunsAsync()
    {
        if (!(await Database.OpenAsync(null, Home.DefaultFolder, TimeProvider.System, CancellationToken.None)).Succeeded(out var database, out _))
        {
            return [];
        }

        await using (database)
        {
            var runs = await new RunStore(database, TimeProvider.System).ListAsync(MostRuns, CancellationToken.None);
            return runs.Select((run, i) => new CompletionItem(run.Id.ToString(), sortText: $"{i:00}"));
        }
    }
}
