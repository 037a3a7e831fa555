using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class A_record_in_a_file() : StoreTest(null)
{
    [Fact]
    public void Holds_each_event_at_once_and_not_in_the_memory_of_a_supervisor_that_may_be_killed()
    {
        var file = Path.Combine(Home, "record.jsonl");
        using var recorder = new JsonLinesRecorder(file, RunId.New(TimeProvider.System), TimeProvider.System);

        recorder.Append(new FileRead("a", "d", "x"));
        recorder.Append(new RunAdmitted("x"));

        Assert.Equal(2, File.ReadLines(file).Count());
    }
}
