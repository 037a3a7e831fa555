using Ringfence.Audit;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class A_command_as_people_mean_it
{
    [Theory]
    [InlineData("npm test", "npm", "test")]
    [InlineData("git commit -m 'two words'", "git", "commit", "-m", "two words")]
    [InlineData("$ npm test", "/bin/sh", "-c", "npm test")]
    [InlineData("$ npm test", "/bin/bash", "-l", "-c", "npm test")]
    [InlineData("$ npm test", "bash", "-lc", "npm test")]
    [InlineData("bash script.sh -c", "bash", "script.sh", "-c")]
    [InlineData("/bin/bash", "/bin/bash")]
    [InlineData("/bin/sh -c", "/bin/sh", "-c")]
    public void Leaves_out_the_shell_around_it(string expected, params string[] arguments) => Assert.Equal(expected, CommandText.Of(arguments));

    [Fact]
    public void Is_the_parameter_that_a_wrapper_evaluates() => Assert.Equal(
        "$ ls -l | wc",
        CommandText.Of(["/bin/bash", "-c", """ "exec </dev/null >\"$1\" 2>&1\neval \"$3\"" """.Trim(), "agent", "/tmp/out", "/workspace", "ls -l | wc", "/tmp/cwd"]));

    [Fact]
    public void Is_the_text_in_quotes_that_a_wrapper_evaluates() => Assert.Equal(
        "$ echo 'a b' && npm test",
        CommandText.Of(["/bin/bash", "-c", "source /tmp/snapshot.sh && eval 'echo '\\''a b'\\'' && npm test' < /dev/null && pwd -P >| /tmp/cwd"]));

    [Fact]
    public void Keeps_its_lines_and_shows_nothing_that_a_terminal_would_act_on()
    {
        Assert.Equal("$ one\ntwo", CommandText.Of(["sh", "-c", "\"one\\ntwo\""]));
        Assert.DoesNotContain('\e', CommandText.Of(["sh", "-c", "echo \e[2J"]));
        Assert.DoesNotContain('\u202e', CommandText.Of(["sh", "-c", "\"a\\n\u202eb\""]));
    }
}
