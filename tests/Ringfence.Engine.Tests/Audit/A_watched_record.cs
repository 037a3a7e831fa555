using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class A_watched_record_in_SQLite() : A_watched_record(null);

public sealed class A_watched_record_in_PostgreSQL(PostgresCluster postgres) : A_watched_record(postgres);

/// <summary>Whoever has read a record to some event is told when there is a later one, and not before.</summary>
public abstract class A_watched_record(PostgresCluster? postgres) : StoreTest(postgres)
{
    private readonly RunId run = RunId.New(TimeProvider.System);

    [Fact]
    public async Task Has_more_to_read_for_those_who_are_behind_wherever_it_was_written()
    {
        var watch = new RecordWatch(await OpenAsync(), TimeProvider.System);
        var beginning = watch.WaitAsync(run, -1, Cancel);
        var later = watch.WaitAsync(run, 1, Cancel);
        var other = watch.WaitAsync(RunId.New(TimeProvider.System), -1, CancellationToken.None);
        await using var recorder = await Recorder.OpenAsync(await OpenAsync(), run, TimeProvider.System, Cancel);

        await recorder.CommitAsync(new RunAdmitted("0"), _ => Task.CompletedTask, Cancel);
        await beginning;
        await watch.WaitAsync(run, -1, Cancel);
        await recorder.CommitAsync(new RunAdmitted("1"), _ => Task.CompletedTask, Cancel);
        await watch.WaitAsync(run, 0, Cancel);
        Assert.False(later.IsCompleted);

        await recorder.CommitAsync(new RunAdmitted("2"), _ => Task.CompletedTask, Cancel);
        await later;
        Assert.False(other.IsCompleted);
    }

    [Fact]
    public async Task Is_read_by_hundreds_at_once_who_come_and_go()
    {
        var watch = new RecordWatch(await OpenAsync(), TimeProvider.System);
        var runs = Enumerable.Range(0, 300).Select(_ => RunId.New(TimeProvider.System)).ToList();
        using var gone = new CancellationTokenSource();
        var leaving = runs.Select(one => watch.WaitAsync(one, -1, gone.Token)).ToList();
        var staying = runs.Select(one => watch.WaitAsync(one, -1, Cancel)).ToList();

        await gone.CancelAsync();

        foreach (var one in leaving)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        }

        var database = await OpenAsync();
        await Task.WhenAll(runs.Select(async one =>
        {
            await using var recorder = await Recorder.OpenAsync(database, one, TimeProvider.System, Cancel);
            recorder.Append(new RunAdmitted("0"));
        }));
        await Task.WhenAll(staying);
    }

    [Fact]
    public async Task That_cannot_be_asked_says_so_to_all_who_wait()
    {
        var database = await OpenAsync();
        await database.ExecuteAsync("alter table chains rename to elsewhere", Cancel);
        var watch = new RecordWatch(database, TimeProvider.System);

        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => watch.WaitAsync(run, -1, Cancel));
        await database.ExecuteAsync("alter table elsewhere rename to chains", Cancel);
        await using var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel);
        await recorder.CommitAsync(new RunAdmitted("0"), _ => Task.CompletedTask, Cancel);
        await watch.WaitAsync(run, -1, Cancel);
    }
}
