namespace Ringfence.Workflows;

/// <summary>The value that an input has in one run.</summary>
/// <param name="IsText">Free text: whoever wrote it may have meant to give orders. Numbers, truth values and choices cannot.</param>
public sealed record RunInput(string Name, string Value, bool IsText);

/// <summary>Checks what was given for a workflow's inputs.</summary>
public static class WorkflowInputs
{
    /// <summary>
    /// The value of every input, in the file's order. Fails with <c>unknown_input</c>, <c>missing_input</c> or <c>bad_input_value</c>: everything that
    /// is wrong at once.
    /// </summary>
    public static Result<IReadOnlyList<RunInput>> Settle(IReadOnlyList<WorkflowInput> inputs, IReadOnlyDictionary<string, string> given)
    {
        var failures = new List<Failure>();
        var names = string.Join(", ", inputs.Select(input => input.Name));

        failures.AddRange(given.Keys.Except(inputs.Select(input => input.Name)).Select(name => new Failure(
            "unknown_input", $"There is no input '{Printable.Escape(name)}'.", names.Length > 0 ? $"Inputs are {names}." : "The workflow has no inputs.")));

        foreach (var input in inputs)
        {
            if (!given.TryGetValue(input.Name, out var value))
            {
                if (input.Required)
                {
                    failures.Add(new Failure("missing_input", $"The input '{input.Name}' is missing{(input.Description is { } says ? $": {says}" : ".")}", $"--input {input.Name}=VALUE"));
                }
            }
            else if (input.WhyNot(value) is { } must)
            {
                failures.Add(new Failure("bad_input_value", $"The input '{input.Name}' is not {must}.", $"It was given as: {Printable.Escape(value.Length <= 80 ? value : value[..80] + "…")}"));
            }
        }

        return failures.Count > 0
            ? Result.Fail<IReadOnlyList<RunInput>>(failures)
            : inputs.Select(input => new RunInput(input.Name, given.GetValueOrDefault(input.Name) ?? input.Default ?? "", input.Type is InputType.String)).ToList();
    }
}
