using Ringfence.Agents;
using Ringfence.Outputs;
using Ringfence.Workflows;
using Xunit;

namespace Ringfence.Tests.Workflows;

public sealed class A_workflow_file
{
    private const string Whole =
        """
        ---
        agent: ringfence-agent
        limits:
          cost: $5
          turns: 60
          time: 1h30m
          memory: 4GiB
        network:
          allow: ["*.internal.example"]
        constraints:
          write: ["src/**"]
          never: [".github/**"]
          diff: { files: 25, lines: 800 }
          dependencies: ask
          tests: keep
        done:
          - dotnet test
        output: patch
        ---
        Consolidate the validation.

        ## Constraints
        Keep the signatures.
        """;

    [Fact]
    public void Is_policy_in_its_head_and_a_prompt_in_its_body()
    {
        var workflow = WorkflowReader.Read(Whole, "consolidate.md").Value;

        Assert.Equal("consolidate", workflow.Name);
        Assert.StartsWith("Consolidate the validation.", workflow.Prompt, StringComparison.Ordinal);
        Assert.Equal(Money.FromDollars(5), workflow.Limits.Cost);
        Assert.Equal(TimeSpan.FromMinutes(90), workflow.Limits.Time);
        Assert.Equal(4L << 30, workflow.Limits.MemoryBytes);
        Assert.Equal(25, workflow.Constraints.MaxFiles);
        Assert.Equal(OutputKind.Patch, workflow.Output);
    }

    [Fact]
    public void May_limit_all_its_runs_of_a_day_and_pin_what_its_prompt_says()
    {
        var workflow = WorkflowReader.Read(Whole.Replace("cost: $5", "cost: { run: $5, workflow_day: $25 }", StringComparison.Ordinal).Replace("done:", "context: { pin: [constraints] }\ndone:", StringComparison.Ordinal), "w.md").Value;

        Assert.Equal(Money.FromDollars(5), workflow.Limits.Cost);
        Assert.Equal(Money.FromDollars(25), workflow.Limits.CostPerDay);
        Assert.Equal(["constraints"], workflow.Pins);
        Assert.Contains("under a heading 'nothing'", WorkflowReader.Read(Whole.Replace("done:", "context: { pin: nothing }\ndone:", StringComparison.Ordinal), "w.md").Failures[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void May_run_any_program_with_whatever_arguments()
    {
        var agent = WorkflowReader.Read("prompt: Go.\nagent: { command: [/bin/sh, -c, \"cat > 'a b.txt'\"] }\n", "x.yaml").Value.Agent;

        var found = new AgentCatalog("/nowhere").Find(agent).Value;

        Assert.Equal(["/bin/sh", "-c", "cat > 'a b.txt'"], found.Command);
        Assert.Equal("{prompt}", found.Input);
        Assert.NotEmpty(WorkflowReader.Read("prompt: Go.\nagent: { name: codex, command: [x] }\n", "x.yaml").Failures);
        Assert.NotEmpty(WorkflowReader.Read("prompt: Go.\nagent: { cmd: [x] }\n", "x.yaml").Failures);
    }

    [Theory]
    [InlineData("builtin", "ringfence-agent")]
    [InlineData("gemini", "gemini-cli")]
    [InlineData("qwen", "qwen-code")]
    [InlineData("codex", "codex")]
    public void May_name_its_agent_shortly(string named, string agent) =>
        Assert.Equal(agent, WorkflowReader.Read($"prompt: Go.\nagent: {named}\n", "x.yaml").Value.Agent);

    [Fact]
    public void May_be_plain_YAML_with_a_prompt() =>
        Assert.Equal("Do it.", WorkflowReader.Read("prompt: Do it.\ndone: make test\n", "x.yaml").Value.Prompt);

    [Fact]
    public void Is_refused_with_every_mistake_and_its_line()
    {
        var failures = WorkflowReader.Read("---\nagnt: x\nlimits:\n  cost: -3\n  turns: 5000\noutput: soup\n---\nGo.\n", "bad.md").Failures;

        Assert.Equal(
            ["bad.md:4:9", "bad.md:5:10", "bad.md:6:9", "bad.md:2:1"],
            failures.Select(failure => string.Join(':', failure.Message.Split(':').Take(3))));
    }

    [Fact]
    public void Has_the_same_digest_however_it_is_laid_out()
    {
        var one = WorkflowReader.Read("prompt: Go.\nattempts: 3\ndone: [make]\n", "x.yaml").Value;
        var other = WorkflowReader.Read("---\n# the same\ndone:\n  - make\n---\n\nGo.\n", "x.md").Value;

        Assert.Equal(CompiledWorkflow.Digest(one), CompiledWorkflow.Digest(other));
        Assert.NotEqual(CompiledWorkflow.Digest(one), CompiledWorkflow.Digest(one with { Attempts = 2 }));
    }

    [Fact]
    public void May_take_inputs_say_what_tools_may_do_and_what_is_shown()
    {
        var workflow = WorkflowReader.Read(
            """
            prompt: Fix {{ inputs.ticket }} in {{ inputs.module }}, {{ inputs.times }} times.
            inputs:
              ticket: { required: true, pattern: "[A-Z]+-[0-9]+", description: the ticket }
              module: { type: choice, choices: [auth, billing], default: auth }
              times: number
            tools: { allow: [Read, Edit, Bash], deny: ["Bash(git push:*)", WebFetch] }
            context: { include: ["src/**"], exclude: "**/*.log" }
            """, "x.yaml").Value;

        Assert.Equal(["ticket", "module", "times"], workflow.Inputs.Select(input => input.Name));
        Assert.Equal([InputType.String, InputType.Choice, InputType.Number], workflow.Inputs.Select(input => input.Type));
        Assert.Equal(["Bash(git push:*)", "WebFetch"], workflow.Tools.Deny);
        Assert.Equal(["src/**"], workflow.Context.Include);
        Assert.Equal(["**/*.log"], workflow.Context.Exclude);
    }

    [Theory]
    [InlineData("inputs: { a: text }\n---\n{{ inputs.a }}", "x.md:2:14", "cannot be 'text'")]
    [InlineData("inputs: { a: { type: choice } }\n---\n{{ inputs.a }}", "x.md:2:14", "no 'choices'")]
    [InlineData("inputs: { a: { pattern: '(b' } }\n---\n{{ inputs.a }}", "x.md:2:25", "'pattern' cannot be used")]
    [InlineData("inputs: { a: { type: number, default: many } }\n---\n{{ inputs.a }}", "x.md:2:39", "The default of 'a' is not a number")]
    [InlineData("inputs: { a: string }\n---\nGo.", "x.md:2:9", "stands nowhere in the prompt")]
    [InlineData("name: x\n---\n{{ inputs.b }}", "x.md: The prompt has {{ inputs.b }}, and there is no such input.", "no such input")]
    [InlineData("inputs: { a: string }\ndone: ['echo {{ inputs.a }}']\n---\n{{ inputs.a }}", "x.md:3:14", "stands in the prompt alone")]
    [InlineData("tools: { deny: ['Bash('] }\n---\nGo.", "x.md:2:16", "is no rule")]
    [InlineData("tools: { allow: ['Bash(git:*)'] }\n---\nGo.", "x.md:2:17", "is no name of a tool")]
    public void Says_what_is_wrong_with_them_and_where(string file, string place, string says)
    {
        var failure = Assert.Single(WorkflowReader.Read("---\n" + file, "x.md").Failures);

        Assert.StartsWith(place, failure.Message, StringComparison.Ordinal);
        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("- a\n- b\n")]
    [InlineData("prompt: [")]
    public void Must_be_a_mapping(string text) => Assert.NotEmpty(WorkflowReader.Read(text, "x.yaml").Failures);
}
