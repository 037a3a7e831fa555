using Ringfence.Documents;

namespace Ringfence.Workflows;

/// <summary>Reads the inputs of a workflow, and sees to it that each stands in the prompt and nowhere else.</summary>
internal static class WorkflowInputReader
{
    private const int MostInputs = 50;

    public static IReadOnlyList<WorkflowInput> Read(YamlMapping root, string prompt, string yaml, string source, int firstLine, List<Failure> failures)
    {
        var inputs = root.Named(WorkflowKeys.Inputs).Select(named => Input(named.Name, named.Below)).ToList();
        var names = inputs.Select(input => input.Name).ToHashSet(StringComparer.Ordinal);
        var used = PromptTemplate.Names(prompt);

        if (inputs.Count > MostInputs)
        {
            root.Fail(WorkflowKeys.Inputs.Name, $"{inputs.Count} inputs are more than {MostInputs}.");
        }

        foreach (var unknown in used.Except(names))
        {
            failures.Add(new Failure("bad_workflow", $"{source}: The prompt has {{{{ inputs.{unknown} }}}}, and there is no such input.", names.Count > 0 ? $"Inputs are {string.Join(", ", names)}." : "Name it under 'inputs'."));
        }

        foreach (var unused in names.Except(used))
        {
            root.Fail(WorkflowKeys.Inputs.Name, $"The input '{unused}' stands nowhere in the prompt.", $"Write {{{{ inputs.{unused} }}}} where its value belongs.");
        }

        var lines = yaml.Split('\n');

        // Somebody's text in a path, a host or a command would make policy of it.
        for (var line = 0; line < lines.Length && !root.Has(WorkflowKeys.Prompt.Name); line++)
        {
            if (PromptTemplate.Column(lines[line]) is { } column)
            {
                failures.Add(new Failure("bad_workflow", $"{source}:{line + firstLine}:{column}: An input stands in the prompt alone: no policy is made from what somebody gives."));
            }
        }

        return inputs;
    }

    private static WorkflowInput Input(string name, YamlMapping below)
    {
        var kind = below.Choice(WorkflowKeys.InputKind) switch { "number" => InputType.Number, "boolean" => InputType.Boolean, "choice" => InputType.Choice, _ => InputType.String };
        var input = new WorkflowInput(name, kind)
        {
            Description = below.Text(WorkflowKeys.InputDescription),
            Required = below.Boolean(WorkflowKeys.InputRequired) ?? false,
            Default = below.Text(WorkflowKeys.InputDefault),
            Pattern = below.Text(WorkflowKeys.InputPattern),
            Choices = below.Texts(WorkflowKeys.InputChoices),
        };

        if (name.Length is 0 or > 64 || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
        {
            below.Fail("", $"'{name}' is no name of an input.", "Letters, digits, '-' and '_'; at most 64.");
        }

        if (kind is InputType.Choice != input.Choices.Count > 0)
        {
            below.Fail(WorkflowKeys.InputChoices.Name, kind is InputType.Choice ? $"The choice '{name}' has no 'choices'." : "'choices' is for type choice alone.");
        }

        if (input.Pattern is { } pattern && (kind is not InputType.String || WorkflowInput.PatternProblem(pattern) is not null))
        {
            below.Fail(
                WorkflowKeys.InputPattern.Name, kind is InputType.String ? $"'pattern' cannot be used: {WorkflowInput.PatternProblem(pattern)}" : "'pattern' is for type string alone.",
                kind is InputType.String ? "Look-around and back-references are not taken: they could run for ever." : null);
        }
        else if (input.Default is { } value && input.WhyNot(value) is { } must)
        {
            below.Fail(WorkflowKeys.InputDefault.Name, $"The default of '{name}' is not {must}.");
        }

        if (input is { Required: true, Default: not null })
        {
            below.Fail(WorkflowKeys.InputDefault.Name, $"'{name}' is required, so its default never counts.");
        }

        below.RefuseOthers();
        return input;
    }
}
