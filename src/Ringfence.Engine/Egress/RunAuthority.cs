namespace Ringfence.Egress;

/// <summary>The certificate authority of one run. Its key lives in this process and dies with the run.</summary>
public sealed class RunAuthority : IDisposable
{
    public void Dispose()
    {
    }
}
