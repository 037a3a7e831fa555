using System.Diagnostics.CodeAnalysis;

namespace Ringfence;

/// <summary>A value, or every reason why there is none: all errors at once, so that a user mends them in one go.</summary>
public readonly struct Result<T>
{
    private readonly T? value;
    private readonly IReadOnlyList<Failure>? failures;

    internal Result(T? value, IReadOnlyList<Failure>? failures)
    {
        this.value = value;
        this.failures = failures;
    }

    public bool IsFailure => failures is not null;

    public IReadOnlyList<Failure> Failures => failures ?? [];

    /// <summary>The value. Asking a failed result for it is a bug.</summary>
    public T Value => failures is null ? value! : throw new InvalidOperationException($"A failed result has no value: {failures[0]}");

    /// <summary>Tells the two cases apart in one expression.</summary>
    public bool Succeeded([MaybeNullWhen(false)] out T result) => Succeeded(out result, out _);

    /// <param name="result">The value, when there is one.</param>
    /// <param name="reasons">Why there is none; at least one then.</param>
    public bool Succeeded([MaybeNullWhen(false)] out T result, out IReadOnlyList<Failure> reasons)
    {
        result = value;
        reasons = Failures;
        return failures is null;
    }

    [SuppressMessage("Usage", "CA2225", Justification = "A factory beside each conversion would be a second way.")]
    public static implicit operator Result<T>(T value) => new(value, null);

    [SuppressMessage("Usage", "CA2225", Justification = "A factory beside each conversion would be a second way.")]
    public static implicit operator Result<T>(Failure failure) => new(default, [failure]);
}

public static class Result
{
    /// <summary>For values that are interfaces, from which C# converts to nothing by itself.</summary>
    public static Result<T> Of<T>(T value) => value;

    public static Result<T> Fail<T>(IReadOnlyList<Failure> failures) =>
        failures.Count > 0 ? new(default, failures) : throw new ArgumentException("A failed result needs a reason.", nameof(failures));
}
