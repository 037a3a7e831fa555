using Ringfence.Audit;
using Xunit;

namespace Ringfence.Tests.Audit;

/// <summary>What was running when a file changed tells who may have changed it: never less than the truth, and often exactly it.</summary>
public sealed class The_times_of_commands
{
    private readonly CommandTimeline timeline = new();
    private readonly Dictionary<long, long> started = [];
    private long seq;

    [Fact]
    public void Name_the_only_command_there_ever_was_exactly()
    {
        Start(1, 0, at: 100_000);
        Start(2, 1, at: 200_000);

        Assert.Equal(("p1 (command 1 of s)", ChangeAttribution.Exact, 0L), Told(At(150_000)));
        Assert.Empty(At(99_000).Candidates);
    }

    [Fact]
    public void Name_the_last_of_a_chain_and_list_those_that_started_it()
    {
        Start(1, 0, at: 100_000);
        Start(2, 1, at: 200_000);
        Start(3, 2, at: 300_000);
        End(3, at: 400_000);

        var during = At(350_000);
        Assert.Equal(("p3 (command 3 of s)", ChangeAttribution.Window, 2L), Told(during));
        Assert.Equal(["p3 (command 3 of s)", "p1 (command 1 of s)", "p2 (command 2 of s)"], during.Candidates);
        Assert.Equal("p2 (command 2 of s)", At(500_000).By);
    }

    [Fact]
    public void Name_nobody_where_two_ran_beside_each_other_and_list_both()
    {
        Start(1, 0, at: 100_000);
        Start(2, 1, at: 200_000);
        Start(3, 1, at: 200_000);

        var both = At(300_000);
        Assert.Equal((null, ChangeAttribution.Window, -1L), Told(both));
        Assert.Equal(["p2 (command 2 of s)", "p3 (command 3 of s)", "p1 (command 1 of s)"], both.Candidates);
    }

    [Fact]
    public void Name_nobody_who_began_or_ended_within_the_tick_of_the_stamp_unless_it_alone_names_the_file()
    {
        Start(1, 0, at: 100_000, "sh", "-c", "sed -i s/a/b/ src/name.c; touch other");
        Start(2, 1, at: 200_000, "sed", "-i", "s/a/b/", "src/name.c");
        End(2, at: 203_000);

        Assert.Equal((null, ChangeAttribution.Window, -1L), Told(At(201_000)));
        Assert.Equal(("p2 (command 2 of s)", ChangeAttribution.Inferred, 1L), Told(At(201_000, "src/name.c")));
        Assert.Equal(("p1 (command 1 of s)", ChangeAttribution.Inferred, 0L), Told(At(201_000, "other")));
        Assert.Equal(2, At(201_000, "other").Candidates.Count);
    }

    [Fact]
    public void Know_a_process_that_went_on_as_another_command_for_the_parent_of_what_it_had_started()
    {
        Start(1, 0, at: 100_000);
        Start(2, 1, at: 200_000);
        End(1, at: 300_000, replacedBy: 3);
        Start(3, 0, at: 300_000);

        Assert.Equal("p2 (command 2 of s)", At(400_000).By);
    }

    [Fact]
    public void Say_nothing_when_the_clock_was_set_in_between()
    {
        Start(1, 0, at: 1_000_000);
        Start(2, 1, at: 2_000_000);
        timeline.Add(new CommandFinished("s", 2, true, 0, 0, 500_000) { EndedAt = 9_000_000 }, seq++);

        Assert.Null(At(1_500_000).By);
        Assert.Empty(At(1_500_000).Candidates);
    }

    [Fact]
    public void Say_nothing_about_what_happened_after_the_record_broke_off()
    {
        Start(1, 0, at: 100_000);
        Start(2, 1, at: 200_000);
        timeline.BreakOff();

        Assert.NotEmpty(At(200_000).Candidates);
        Assert.Empty(At(200_001).Candidates);
    }

    [Fact]
    public void Say_nothing_about_times_whose_commands_were_too_many_to_keep()
    {
        Start(1, 0, at: 1);

        for (var i = 2; i < 30_000; i++)
        {
            Start(i, 1, at: i * 100);
            End(i, at: (i * 100) + 50);
        }

        Assert.Null(At(100_000).By);
        Assert.Equal("p1 (command 1 of s)", At(4_000_000).By);
    }

    [Fact]
    public void Explain_many_changes_at_once_as_one_by_one()
    {
        var random = new Random(7);

        for (var i = 1; i < 300; i++)
        {
            var at = random.Next(1, 10_000);
            Start(i, random.Next(0, i), at);

            if (random.Next(4) > 0)
            {
                End(i, at + random.Next(0, 500));
            }
        }

        (string, long)[] changes = [.. Enumerable.Range(0, 2_000).Select(i => ($"{i}", (long)random.Next(0, 11_000)))];
        Assert.Equal(changes.Select(change => Line(Assert.Single(timeline.Explain([change])))), timeline.Explain(changes).Select(Line));

        static string Line(ChangeExplanation e) => $"{e.By} {e.Attribution} {e.Seq} {string.Join(',', e.Candidates.Order())}";
    }

    private void Start(long command, long parent, long at, params string[] arguments)
    {
        started[command] = at;
        timeline.Add(new CommandStarted("s", command, (int)command, parent, $"/bin/p{command}", "d", arguments, false, "d", "/") { StartedAt = at }, seq++);
    }

    private void End(long command, long at, long replacedBy = 0)
    {
        timeline.Add(new CommandFinished("s", command, true, 0, 0, at - started[command]) { EndedAt = at, ReplacedBy = replacedBy }, seq++);
    }

    private ChangeExplanation At(long time, string path = "file") => Assert.Single(timeline.Explain([(path, time)]));

    private static (string?, string?, long) Told(ChangeExplanation explanation) => (explanation.By, explanation.Attribution, explanation.Seq);
}
