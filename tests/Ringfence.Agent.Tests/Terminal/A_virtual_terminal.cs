using Ringfence.Tests.Support;

namespace Ringfence.Tests.Terminal;

/// <summary>What tests look at, itself looked at.</summary>
public sealed class A_virtual_terminal
{
    private const string Output = "\e]0;title\e\\one\r\n\e[1;31mtwo\e[0m\e[?25l\r\n\e[2A\e[2CX\e[2B\rlast\e[K";

    [Fact]
    public void Shows_the_beginning_of_an_output_wherever_a_pipe_cut_it()
    {
        for (var length = 0; length <= Output.Length; length++)
        {
            var terminal = new VirtualTerminal(80, 24);
            terminal.Write(Output[..length]);
            Assert.DoesNotContain('\e', terminal.Text);
        }
    }

    [Fact]
    public void Shows_the_whole_of_it_at_the_end()
    {
        var terminal = new VirtualTerminal(80, 24);
        terminal.Write(Output);
        Assert.Equal("onX\ntwo\nlast", terminal.Text);
    }
}
