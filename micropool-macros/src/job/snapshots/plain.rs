fn step(world: &mut World, time: f32) -> usize {
    let __micropool_job = ::micropool::__private::enter("step");
    { world.bodies.iter_mut().map(|body| body.step(time)).count() }
}
