namespace Ringfence.Audit;

public sealed record BudgetReserved(string Call, IReadOnlyList<string> Scopes, long Nanodollars, long RemainingNanodollars) : AuditFact
{
    public override string Type => "budget.reserved";
}

public sealed record BudgetClamped(string Call, long MaxTokensBefore, long MaxTokensAfter) : AuditFact
{
    public override string Type => "budget.clamped";
}

public sealed record BudgetDenied(string Call, string Scope, string Code, long NeededNanodollars, long AvailableNanodollars) : AuditFact
{
    public override string Type => "budget.denied";
}

public sealed record BudgetSettled(string Call, long ReservedNanodollars, long SpentNanodollars, bool UsageKnown) : AuditFact
{
    public override string Type => "budget.settled";

    /// <summary>Version of the price table that the charge was made with.</summary>
    public string Prices { get; init; } = "";
}

public sealed record BudgetThreshold(string Scope, int Percent, long SpentNanodollars, long LimitNanodollars) : AuditFact
{
    public override string Type => "budget.threshold";
}

public sealed record BudgetKilled(string Scope, string By, long ElapsedMicroseconds) : AuditFact
{
    public override string Type => "budget.killed";
}

/// <summary>A call cost more than its upper bound. The scope takes no further call until a person looks.</summary>
public sealed record BudgetFrozen(string Scope, string Call, long ReservedNanodollars, long SpentNanodollars) : AuditFact
{
    public override string Type => "budget.frozen";
}
