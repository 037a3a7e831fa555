using Ringfence.Runs;

namespace Ringfence.Audit;

/// <summary>How far a run's record had come: what a digest vouches for.</summary>
/// <param name="Events">How many events there were.</param>
/// <param name="Hash">Hash of the last of them, lower-case hex.</param>
public sealed record RunHead(RunId Run, long Events, string Hash)
{
    /// <summary>The leaf of the tree.</summary>
    public byte[] ToLeaf()
    {
        var json = new CanonicalJson();
        json.StartObject();
        json.Key("events");
        json.Integer(Events);
        json.Key("hash");
        json.String(Hash);
        json.Key("run");
        json.String(Run.Value);
        json.EndObject();
        return json.Written.ToArray();
    }
}

/// <summary>
/// A statement about the record at one moment, to be signed: these runs had come so far. Each names the one before, so that none can be left out.
/// </summary>
/// <param name="Previous">SHA-256 of the statement before, lower-case hex; empty for the first.</param>
/// <param name="Root">Root of the tree over the heads, in the order of their runs' ids; lower-case hex.</param>
public sealed record DigestStatement(long Number, long AtMicroseconds, string Previous, string Root, long Runs)
{
    /// <summary>The bytes that are signed.</summary>
    public byte[] ToBytes()
    {
        var json = new CanonicalJson();
        json.StartObject();
        json.Key("at_us");
        json.Integer(AtMicroseconds);
        json.Key("number");
        json.Integer(Number);
        json.Key("previous");
        json.String(Previous);
        json.Key("root");
        json.String(Root);
        json.Key("runs");
        json.Integer(Runs);
        json.Key("v");
        json.Integer(1);
        json.EndObject();
        return json.Written.ToArray();
    }
}
